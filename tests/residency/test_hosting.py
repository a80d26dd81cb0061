"""Whoever runs the machines stands in the register, and so in every list made of it."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils.translation import override
from pytest_django import Settings

from dermalia.residency.hosting import hosting
from dermalia.residency.register import companies, services
from onboarding.domain.texts import current_text

HOSTING = {"entity": "Hosting GmbH", "country": "DE", "region": "eu-central-1"}
OBJECTS = {"entity": "Objects S.A.", "country": "LU", "region": "de-fra"}


@pytest.fixture
def hosted(settings: Settings) -> Settings:
    settings.EMBEDDED = False
    settings.HOSTING = {"hosting": HOSTING, "storage": OBJECTS, "backup-storage": OBJECTS}
    return settings


def test_here_nobody_else_runs_anything() -> None:
    (entry,) = hosting()
    assert (entry.key, entry.country, len(entry.purposes)) == ("hosting", "", 3)
    assert entry in services()
    assert entry not in companies()


def test_a_company_is_named_once_with_all_it_does(hosted: Settings) -> None:
    assert [(each.key, each.entity, len(each.purposes)) for each in hosting()] == [
        ("hosting", "Hosting GmbH", 1),
        ("storage", "Objects S.A.", 2),
    ]
    hosted.HOSTING = dict.fromkeys(hosted.HOSTING, HOSTING)
    (entry,) = hosting()
    assert len(entry.purposes) == 3
    assert entry.region == "eu-central-1"


def test_regions_that_differ_are_both_named(hosted: Settings) -> None:
    hosted.HOSTING = {
        **dict.fromkeys(hosted.HOSTING, HOSTING),
        "storage": {**HOSTING, "region": "fra1"},
    }
    (entry,) = hosting()
    assert entry.region == "eu-central-1, fra1"


@pytest.mark.parametrize("part", ["hosting", "storage", "backup-storage"])
@pytest.mark.parametrize("changes", [{"country": "US"}, {"country": ""}, {"entity": ""}])
def test_nobody_or_somebody_outside_the_eea_refuses_to_start(
    hosted: Settings, part: str, changes: dict[str, str]
) -> None:
    hosted.HOSTING = {**hosted.HOSTING, part: {**HOSTING, **changes}}
    with pytest.raises(ImproperlyConfigured, match="in the EEA"):
        hosting()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_list_of_processors_names_it_and_is_another_version(
    hosted: Settings, language: str
) -> None:
    with override(language):
        before = current_text("processors", language)
        hosted.HOSTING = {**hosted.HOSTING, "hosting": {**HOSTING, "entity": "Another GmbH"}}
        after = current_text("processors", language)
    assert "Hosting GmbH" in before.body
    assert "Objects S.A." in before.body
    assert "Another GmbH" in after.body
    assert "eu-central-1" in after.body
    assert before.version != after.version


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "signed", "unsigned"),
    [("de", "seit 01.05.2026", "noch nicht geschlossen"), ("en", "since ", "not concluded yet")],
)
def test_the_public_page_says_with_whom_there_is_a_contract(
    client: Client, hosted: Settings, language: str, signed: str, unsigned: str
) -> None:
    hosted.DPA_CONCLUDED = ["hosting=2026-05-01"]
    hosted.SECURE_SSL_REDIRECT = False
    page = client.get(f"/{language}/transparency/").content.decode()
    assert "Hosting GmbH" in page
    assert signed in page
    assert unsigned in page  # with the storage's company
