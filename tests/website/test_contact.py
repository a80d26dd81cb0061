"""The form to the data protection officer, with people and with robots."""

import hashlib
import re
import time
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from practices.models import Attempt
from website import forms
from website.models import Inquiry

QUESTION = {"name": "Demo", "email": "demo@example.org", "text": "Welche Daten liegen vor?"}


@pytest.fixture
def token(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a form that somebody took some time to fill in."""
    monkeypatch.setattr(forms, "LEAST_SECONDS", -1)
    return forms.new_token()


def post(client: Client, **fields: str) -> Any:
    return client.post("/de/contact/", QUESTION | fields)


def test_a_question_is_taken(client: Client, token: str) -> None:
    answer = post(client, token=token)
    assert (answer.status_code, answer["Location"]) == (302, "/de/contact/sent/")
    assert Inquiry.objects.count() == 1
    assert not answer.cookies


@pytest.mark.parametrize(
    "fields", [{"homepage": "x"}, {"token": "x"}, {"email": "demo"}, {"text": ""}, {"email": ""}]
)
def test_what_is_not_right_comes_back_with_what_was_typed(
    client: Client, token: str, fields: dict[str, str]
) -> None:
    answer = post(client, **({"token": token} | fields))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert ("Welche Daten" in answer.content.decode()) is ("text" not in fields)
    assert not Inquiry.objects.exists()


def test_a_form_that_comes_back_at_once_is_not_taken(client: Client, db: None) -> None:
    assert post(client, token=forms.new_token()).status_code == 422
    assert not Inquiry.objects.exists()


def test_who_mends_a_mistake_need_not_wait_again(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time() - forms.LEAST_SECONDS - 1
    with monkeypatch.context() as earlier:
        earlier.setattr(time, "time", lambda: began)
        token = forms.new_token()
    wrong = post(client, token=token, email="demo").content.decode()
    again = re.search(r'name="token" value="([^"]+)"', wrong)
    assert again is not None
    assert post(client, token=again[1]).status_code == 302


@pytest.mark.parametrize("token", ["", "form", "form:1:x"])
def test_a_forged_token_is_not_handed_back(client: Client, db: None, token: str) -> None:
    page = post(client, token=token).content.decode()
    assert f'name="token" value="{token}"' not in page


@pytest.mark.parametrize(
    ("fields", "says", "marked"),
    [
        ({"email": ""}, "markierten Felder", ["email"]),
        ({"email": "", "text": ""}, "markierten Felder", ["email", "text"]),
        ({"email": "demo"}, "markierten Felder", ["email"]),
        ({"homepage": "x"}, "zu schnell oder zu spät", []),
    ],
)
def test_a_mistake_is_said_above_and_beside_its_field(
    client: Client, token: str, fields: dict[str, str], says: str, marked: list[str]
) -> None:
    page = post(client, **({"token": token} | fields)).content.decode()
    alert = page.partition('role="alert"')[2].partition("</div>")[0]
    assert says in alert
    assert re.findall(r'aria-describedby="(\w+)-error"', page) == marked
    assert re.findall(r'class="error" id="(\w+)-error"', page) == marked


def test_a_form_of_long_ago_is_not_taken(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_SECONDS", -1)
    assert post(client, token=token).status_code == 422


def test_a_token_for_something_else_is_not_taken(client: Client, token: str) -> None:
    other = signing.TimestampSigner(salt="other").sign("form")
    assert post(client, token=other).status_code == 422


def test_too_many_questions_from_one_network_are_paused(client: Client, token: str) -> None:
    codes = [post(client, token=token).status_code for _ in range(8)]
    assert codes[:5] == [302] * 5
    assert codes[-1] == 429


def test_the_count_names_no_network(client: Client, token: str) -> None:
    post(client, token=token)
    counted = Attempt.objects.get()
    plain = hashlib.sha256(b"127.0.0.1").digest()
    assert len(bytes(counted.digest)) == 32
    assert bytes(counted.digest) != plain
    assert b"127.0" not in bytes(counted.digest)
