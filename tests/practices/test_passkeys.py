"""A passkey signs in, and nothing that merely looks like one."""

import json

import cbor2
import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.domain.challenges import forget_old_challenges, new_challenge, use_challenge
from practices.domain.passkeys import PasskeyRefused
from practices.models import Challenge, Passkey, Practice, User
from tests.practices.authenticator import PRESENT, SoftAuthenticator
from tests.practices.conftest import give_passkey, is_inside, post_answer, show_passkey


def test_a_passkey_signs_in_without_a_name_being_typed(
    client: Client, passkey: SoftAuthenticator, staff_user: User
) -> None:
    assert show_passkey(client, passkey).status_code == 302
    assert is_inside(client)
    with practice_scope(staff_user.practice_id):
        entry = Entry.objects.get(action=Action.STAFF_SIGNED_IN)
        kept = Passkey.objects.get()
    assert entry.actor_id == staff_user.pk
    assert (kept.sign_count, kept.transports) == (2, ["internal"])
    assert kept.used_at is not None


def test_an_answer_opens_once(client: Client, passkey: SoftAuthenticator) -> None:
    question = client.post("/en/sign-in/question/").json()
    answer = passkey.get(question)
    assert post_answer(client, answer).status_code == 302
    assert post_answer(client, answer).status_code == 403


def test_an_answer_opens_only_where_it_was_asked_for(passkey: SoftAuthenticator) -> None:
    asked, other = Client(), Client()
    question = asked.post("/en/sign-in/question/").json()
    other.post("/en/sign-in/question/")
    assert post_answer(other, passkey.get(question)).status_code == 403
    assert not is_inside(other)


def test_a_challenge_that_is_too_old_opens_nothing(
    client: Client, passkey: SoftAuthenticator
) -> None:
    question = client.post("/en/sign-in/question/").json()
    Challenge.objects.update(expires_at=timezone.now())
    assert post_answer(client, passkey.get(question)).status_code == 403


@pytest.mark.parametrize(
    "bend",
    [
        {"flags": PRESENT},  # nobody was verified
        {"origin": "http://localhost:9999"},
        {"origin": "https://dermalia.example"},
        {"host": "dermalia.example"},
        {"step": 0},  # a clone that has not caught up
        {"credential_id": b"another credential"},
        {"handle": ""},
        {"handle": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
def test_a_bent_answer_is_refused(
    client: Client, passkey: SoftAuthenticator, bend: dict[str, object]
) -> None:
    for name, value in bend.items():
        setattr(passkey, name, value)
    assert show_passkey(client, passkey).status_code == 403
    assert not is_inside(client)


def test_another_key_s_signature_is_refused_and_on_record(
    client: Client, passkey: SoftAuthenticator, staff_user: User
) -> None:
    passkey.key = SoftAuthenticator().key
    assert show_passkey(client, passkey).status_code == 403
    with practice_scope(staff_user.practice_id):
        assert Entry.objects.filter(action=Action.STAFF_REFUSED).count() == 1


def test_a_passkey_of_one_person_does_not_open_for_another(
    client: Client, passkey: SoftAuthenticator, other_practice: Practice
) -> None:
    stranger = User.objects.create(email="stranger@example.org", practice=other_practice)
    theirs = SoftAuthenticator()
    give_passkey(stranger, theirs)
    passkey.handle = theirs.handle
    assert show_passkey(client, passkey).status_code == 403


def test_a_passkey_of_somebody_sent_away_opens_nothing(
    client: Client, passkey: SoftAuthenticator
) -> None:
    User.objects.update(is_active=False)
    assert show_passkey(client, passkey).status_code == 403


@pytest.mark.parametrize("answer", ["", "{}", "null", "[]", '"x"', "{" * 2000, "x" * 20_000])
@pytest.mark.usefixtures("db")
def test_nonsense_is_refused(client: Client, answer: str) -> None:
    client.post("/en/sign-in/question/")
    assert post_answer(client, answer).status_code == 403


@pytest.mark.parametrize("field", ["id", "rawId", "type", "response"])
@pytest.mark.parametrize("junk", ["ä", "\ud800", "x", 5, None, [], {}])
def test_a_malformed_field_is_refused(
    client: Client, passkey: SoftAuthenticator, field: str, junk: object
) -> None:
    answer = json.loads(passkey.get(client.post("/en/sign-in/question/").json()))
    for bent in (
        {**answer, field: junk},
        {**answer, "response": {**answer["response"], "userHandle": junk}},
    ):
        assert post_answer(client, json.dumps(bent)).status_code == 403


@pytest.mark.parametrize("missing", [1, -1, -2, -3])
def test_a_new_passkey_whose_key_lacks_a_part_is_refused(
    client: Client, staff_user: User, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    client.force_login(staff_user)
    authenticator = SoftAuthenticator()
    whole = cbor2.loads(authenticator._cose())
    broken = cbor2.dumps({name: value for name, value in whole.items() if name != missing})
    monkeypatch.setattr(authenticator, "_cose", lambda: broken)
    question = client.post("/en/set-up/question/").json()
    answer = client.post("/en/set-up/passkey/", {"answer": authenticator.create(question)})
    assert answer.status_code == 403


@pytest.mark.usefixtures("db")
def test_the_question_names_nobody(client: Client, passkey: SoftAuthenticator) -> None:
    question = client.post("/en/sign-in/question/").json()
    assert question["allowCredentials"] == []
    assert question["userVerification"] == "required"
    assert question["rpId"] == "localhost"


def test_a_new_passkey_must_come_from_a_verified_person(client: Client, staff_user: User) -> None:
    client.force_login(staff_user)
    question = client.post("/en/set-up/question/").json()
    careless = SoftAuthenticator(flags=PRESENT)
    answer = client.post("/en/set-up/passkey/", {"answer": careless.create(question)})
    assert answer.status_code == 403
    with practice_scope(staff_user.practice_id):
        assert not Passkey.objects.exists()


def test_a_second_passkey_is_added_and_the_last_one_stays(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    show_passkey(client, passkey)
    question = client.post("/en/set-up/question/").json()
    assert len(question["excludeCredentials"]) == 1
    assert question["authenticatorSelection"]["residentKey"] == "required"
    answer = {"answer": SoftAuthenticator().create(question), "name": "Empfang"}
    assert client.post("/en/set-up/passkey/", answer).headers["Location"] == "/en/account/"
    with practice_scope(staff_user.practice_id):
        first, second = Passkey.objects.order_by("created_at")
    assert second.name == "Empfang"
    for passkey_row in (first, second):
        client.post(f"/en/account/passkeys/{passkey_row.pk}/remove/")
    with practice_scope(staff_user.practice_id):
        assert list(Passkey.objects.values_list("pk", flat=True)) == [second.pk]


def test_the_same_credential_is_not_kept_twice(
    client: Client, staff_user: User, passkey: SoftAuthenticator
) -> None:
    client.force_login(staff_user)
    question = client.post("/en/set-up/question/").json()
    answer = client.post("/en/set-up/passkey/", {"answer": passkey.create(question)})
    assert answer.status_code == 403


def test_a_credential_that_another_practice_keeps_is_refused(
    staff_user: User, passkey: SoftAuthenticator, other_practice: Practice
) -> None:
    """Its row cannot be seen from here; the table knows it all the same."""
    stranger = User.objects.create(email="c@example.org", practice=other_practice)
    with pytest.raises(PasskeyRefused):
        give_passkey(stranger, passkey)
    with practice_scope(other_practice.pk):
        assert not Passkey.objects.exists()


@pytest.mark.usefixtures("db")
def test_a_challenge_is_used_once_and_forgotten_in_time() -> None:
    challenge = new_challenge()
    assert use_challenge(challenge)
    assert not use_challenge(challenge)
    new_challenge()
    assert forget_old_challenges() == 0
    Challenge.objects.update(expires_at=timezone.now())
    assert forget_old_challenges() == 1


def test_no_question_is_the_same(client: Client, passkey: SoftAuthenticator) -> None:
    asked = {json.dumps(client.post("/en/sign-in/question/").json()) for _ in range(3)}
    assert len(asked) == 3
