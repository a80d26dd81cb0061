"""What anybody would try first at this service does not make a password."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from practices.domain.guessable import WORDS
from practices.domain.passwords import set_password
from practices.domain.sign_in import issue_link
from practices.models import User
from tests.practices.codes import code_of


@pytest.fixture
def member(staff_user: User) -> User:
    """Of a practice with a name, a street and a town of its own."""
    practice = staff_user.practice
    practice.name, practice.street = "Hautärzte am Mühlbach", "Gräfenallee 12"
    practice.city = "Neu-Testhausen"
    practice.save()
    return staff_user


@pytest.mark.parametrize(
    "password",
    [
        "dermalia-2026!",
        "D3rm4l1a-2026!",  # digits for letters
        "Passwort-Praxis-1",
        "DermaliaDermalia",
        "MosaicMedical.26",  # who runs the service
        "Mühlbach-2026-1!",  # the practice's name
        "Muhlbach2026!!!!",  # without its accents
        "Neu-Testhausen-1",  # its town
        "Grafenallee2026!",  # its street
        "ｄｅｒｍａｌｉａ２０２６！",  # as other keyboards write it
    ],
)
def test_words_that_anybody_would_try_do_not_count(member: User, password: str) -> None:
    assert len(password) >= 12
    with pytest.raises(ValidationError) as refused:
        set_password(member, password)
    assert "password_of_guessable_words" in {each.code for each in refused.value.error_list}
    member.refresh_from_db()
    assert member.password == ""


@pytest.mark.parametrize(
    "password",
    [
        "mit Dermalia fing der Montag an",
        "ein stiller Nachmittag im Garten",
        "Kw7#pq2Lz9!x",
        "correct horse battery staple",
        "849#2251!77,0369",
    ],
)
def test_a_sentence_may_hold_such_a_word(member: User, password: str) -> None:
    set_password(member, password)
    assert member.check_password(password)


@pytest.mark.parametrize("word", WORDS)
def test_no_word_with_a_year_is_enough(member: User, word: str) -> None:
    with pytest.raises(ValidationError):
        set_password(member, f"{word}-2026".ljust(12, "!"))


@pytest.mark.parametrize(
    "common",
    [
        "professional",
        "1Q2w3e4r5t6y",
        "sunshinesunshine",
        "superman-2026!",
        "monkeydragon",  # two of them
        "zzzzzzzzzzzz",
        "x9#x9#x9#x9#",
        "123456qwerty!!",
    ],
)
def test_what_many_people_have_is_refused_however_it_was_made_longer(
    member: User, common: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        set_password(member, common)
    assert "password_too_common" in {each.code for each in refused.value.error_list}


def test_the_page_says_what_is_wrong_and_sets_nothing_up(client: Client, member: User) -> None:
    client.post(f"/en/enter/{issue_link(user=member)}/")
    seed = client.get("/en/set-up/app/").context["seed"].replace(" ", "")
    typed = {"password": "Mühlbach-2026-1!", "code": code_of(seed)}
    page = client.post("/en/set-up/app/", typed)
    assert page.status_code == 422
    assert "easy to guess" in page.context["form"].errors["password"][0]
    member.refresh_from_db()
    assert member.password == ""
