"""The form to the data protection officer, with people and with robots."""

from typing import Any

import pytest
from django.core import signing
from django.test import Client

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
