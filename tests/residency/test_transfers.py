"""A service in a third country is not used before its clauses and the assessment are on record."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from dermalia.residency import egress, guard
from dermalia.residency.refusals import ConnectionNotAdmitted
from dermalia.residency.register import SERVICES, admits, companies, service, without_basis
from dermalia.residency.services import EEA
from dermalia.residency.transfers import lacks_basis, on_record
from onboarding.domain.texts import current_text

ASSESSMENT = b"%PDF- what the country's law allows, and what was found"
ISEMECO = "https://eu.isemeco.com/"


@pytest.fixture
def real(settings: Settings) -> Settings:
    """An installation that serves patients."""
    settings.TRIAL, settings.SANDBOX_ORIGINS, settings.TRANSFER_CLAUSES = False, [], []
    return settings


@pytest.fixture
def assessment(tmp_path: Path) -> Path:
    file = tmp_path / "assessment.pdf"
    file.write_bytes(ASSESSMENT)
    return file


def keys() -> set[str]:
    return {each.key for each in companies()}


def test_without_a_record_nothing_abroad_is_called_or_named(real: Settings) -> None:
    assert {each.key for each in without_basis()} == {"isemeco", "resend"}
    assert keys().isdisjoint({"isemeco", "resend"})
    assert not admits("eu.isemeco.com")
    with pytest.raises(egress.EgressRefused):
        egress.require_admitted(ISEMECO)
    with pytest.raises(ConnectionNotAdmitted):
        guard._judge_look_up("eu.isemeco.com")
    # Within the Union nothing is asked for.
    assert admits("kms.eu-central-1.amazonaws.com")
    assert lacks_basis(service("isemeco"))


def test_with_it_the_service_is_called_and_the_lists_say_what_it_rests_on(
    real: Settings, assessment: Path
) -> None:
    real.TRANSFER_CLAUSES = [f"isemeco=3=2026-04-15={assessment}"]
    assert "isemeco" in keys()
    assert "resend" not in keys()
    egress.require_admitted(ISEMECO)
    with override("en"):
        basis = service("isemeco").basis
        assert basis == "SCC 2021/914, module 3, of 15 April 2026, with an assessment"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_annex_tells_the_assessment_apart_from_a_later_one(
    real: Settings, assessment: Path, language: str
) -> None:
    before = current_text("processors", language)
    assert "Isemeco" not in before.body
    real.TRANSFER_CLAUSES = [f"isemeco=3=2026-04-15={assessment}"]
    first = current_text("processors", language)
    assert "Isemeco" in first.body
    assert hashlib.sha256(ASSESSMENT).hexdigest() in first.body
    assessment.write_bytes(ASSESSMENT + b", looked at again")
    on_record.cache_clear()  # as at the next start
    assert current_text("processors", language).version != first.version


def test_for_trying_out_nothing_is_asked_for(settings: Settings) -> None:
    settings.TRANSFER_CLAUSES = []
    assert without_basis() == ()
    assert {"isemeco", "resend"} <= keys()


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("isemeco", "lists service=module=day=file"),
        ("isemeco=three=2026-04-15={file}", "lists service=module=day=file"),
        ("isemeco=5=2026-04-15={file}", "no module 5"),
        ("isemeco=3=soon={file}", "lists service=module=day=file"),
        ("isemeco=3={later}={file}", "a day to come"),
        ("isemeco=3=2026-04-15={file}.missing", "cannot be read"),
        ("isemeco=3=2026-04-15={empty}", "is empty"),
    ],
)
def test_a_record_that_proves_nothing_refuses_to_start(
    real: Settings, assessment: Path, entry: str, complaint: str
) -> None:
    empty = assessment.with_name("empty.pdf")
    empty.touch()
    later = timezone.localdate() + timedelta(days=1)
    real.TRANSFER_CLAUSES = [entry.format(file=assessment, empty=empty, later=later)]
    with pytest.raises(ImproperlyConfigured, match=complaint):
        on_record()


def test_whoever_is_abroad_names_what_a_transfer_rests_on() -> None:
    for each in SERVICES:
        assert (each.country not in EEA) == (each.transfer_basis.name != "NONE_NEEDED")
