"""Texts that are accepted are stored once, and cannot change without being another version."""

import pytest
from django.db import connection
from django.utils.translation import override
from pytest_django import Settings

from onboarding.domain.texts import current_digests, current_text, current_texts, is_genuine
from onboarding.models import LegalText

pytestmark = pytest.mark.usefixtures("db")
KINDS = ["agreement", "measures", "processors"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_there_are_three_texts_in_each_language(language: str) -> None:
    texts = current_texts(language)
    assert list(texts) == KINDS
    assert {text.language for text in texts.values()} == {language}


def test_a_text_is_stored_once() -> None:
    first, again = current_text("agreement", "de"), current_text("agreement", "de")
    assert first.pk == again.pk
    assert LegalText.objects.count() == 1


def test_one_letter_more_is_another_version(settings: Settings) -> None:
    before = current_text("agreement", "de")
    settings.OPERATOR = {**settings.OPERATOR, "name": settings.OPERATOR["name"] + "x"}
    after = current_text("agreement", "de")
    assert after.version != before.version
    assert bytes(after.digest) != bytes(before.digest)
    assert LegalText.objects.get(pk=before.pk).body == before.body


def test_another_service_is_another_version_of_the_list_alone(settings: Settings) -> None:
    before = current_texts("de")
    settings.MAIL_RELAY = {
        "host": "mail.example.org",
        "port": 587,
        "entity": "Relay GmbH",
        "country": "DE",
    }
    after = current_texts("de")
    changed = [kind for kind in KINDS if after[kind].version != before[kind].version]
    assert changed == ["processors"]


def test_the_language_of_the_page_does_not_change_a_text() -> None:
    with override("en"):
        one = current_text("agreement", "de")
    with override("de"):
        other = current_text("agreement", "de")
    assert one.pk == other.pk


def test_the_digest_is_the_one_of_the_body() -> None:
    text = current_text("measures", "en")
    assert is_genuine(text)
    text.body += " "
    assert not is_genuine(text)


def test_what_is_current_is_known_without_asking_the_database() -> None:
    stored = {bytes(text.digest) for text in current_texts("en").values()}
    with connection.execute_wrapper(_no_query):
        assert current_digests("en") == stored


def _no_query(*_: object) -> None:
    raise AssertionError("a query")
