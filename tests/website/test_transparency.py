"""What anybody can check from outside is what there is, and "not yet" where there is nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from botocore.exceptions import EndpointConnectionError
from django.conf import settings
from django.test import Client
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import override

from audit import archive
from audit.checkpointing import make_checkpoint
from backups.models import DrillResult, ErasureDrill
from dermalia.residency.register import services
from onboarding.domain.texts import current_text
from onboarding.models import LegalText
from tests.website.reading import read
from website.domain import transparency

LANGUAGES = [code for code, _name in settings.LANGUAGES]
SAYS = {
    "de": {True: "bestanden", False: "nicht bestanden", "none": "Noch keine Übung durchgeführt."},
    "en": {True: "passed", False: "not passed", "none": "No drill has been held yet."},
}


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    transparency._checkpoint.cache_clear()
    yield
    transparency._checkpoint.cache_clear()


def lines(client: Client, language: str) -> list[str]:
    return read(client.get(f"/{language}/transparency/").content.decode()).splitlines()


def below(found: list[str], heading: str) -> str:
    return found[found.index(heading) + 1]


def drilled(at: datetime, *, passed: bool) -> None:
    DrillResult.objects.create(
        at=at,
        backup_id=uuid4(),
        backup_made_at=at,
        passed=passed,
        entries=61,
        erased_again=7,
    )


def moment(at: datetime, language: str) -> str:
    with override(language):
        return date_format(localtime(at), "DATETIME_FORMAT")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("language", "heading"),
    [("de", "Letzte Übung: Wiederherstellung"), ("en", "Last drill: restore")],
)
@pytest.mark.parametrize("passed", [True, False])
def test_the_newest_restore_is_shown_with_its_day_and_its_result(
    client: Client, language: str, heading: str, passed: bool
) -> None:
    assert below(lines(client, language), heading) == SAYS[language]["none"]
    newest = datetime(2026, 11, 3, 4, 5, tzinfo=UTC)
    drilled(newest, passed=passed)
    drilled(datetime(2026, 8, 1, tzinfo=UTC), passed=not passed)
    shown = below(lines(client, language), heading)
    assert shown == f"{moment(newest, language)}: {SAYS[language][passed]}"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("language", "heading", "clean"),
    [
        ("de", "Löschungen in dieser Übung", "Danach war nichts Gelöschtes mehr da."),
        ("en", "Erasures in this drill", "After that nothing erased was there any more."),
    ],
)
def test_only_a_drill_that_passed_says_that_nothing_came_back(
    client: Client, language: str, heading: str, clean: str
) -> None:
    assert below(lines(client, language), heading) == SAYS[language]["none"]
    drilled(datetime(2026, 11, 3, tzinfo=UTC), passed=False)
    failed = below(lines(client, language), heading)
    assert re.findall(r"\d+", failed) == ["61", "7"]
    assert clean not in failed
    drilled(datetime(2026, 11, 4, tzinfo=UTC), passed=True)
    assert below(lines(client, language), heading) == f"{failed} {clean}"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("language", "heading", "gone", "took"),
    [
        ("de", "Letzte Übung: Löschung", "Objekte waren fort.", "2,3 Sekunden."),
        ("en", "Last drill: erasure", "objects were gone.", "2.3 seconds."),
    ],
)
def test_only_an_erasure_drill_that_passed_says_that_all_was_gone(
    client: Client, language: str, heading: str, gone: str, took: str
) -> None:
    assert below(lines(client, language), heading) == SAYS[language]["none"]
    first, second = (datetime(2026, 11, day, 4, 5, tzinfo=UTC) for day in (3, 4))
    ErasureDrill.objects.create(at=first, passed=False, problem="The key still opens.")
    failed = below(lines(client, language), heading)
    assert failed == f"{moment(first, language)}: {SAYS[language][False]}"
    ErasureDrill.objects.create(at=second, passed=True, seconds=2.34)
    shown = below(lines(client, language), heading)
    assert shown.startswith(f"{moment(second, language)}: {SAYS[language][True]}. ")
    assert gone in shown
    assert shown.endswith(took)


@pytest.fixture
def empty_bucket(committed: None) -> Iterator[None]:
    """The seals' bucket, which outlives a test's rows."""
    _empty()
    yield
    _empty()


def _empty() -> None:
    for name in archive.names():
        archive._storage().bucket.Object(name).delete()


@pytest.mark.usefixtures("empty_bucket")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_newest_seal_is_the_one_in_storage(client: Client, language: str) -> None:
    make_checkpoint()
    made = make_checkpoint()
    html = client.get(f"/{language}/transparency/").content.decode()
    assert made.name in re.findall(r"<code>([^<]+)</code>", html)
    assert moment(made.at, language) in read(html)


NO_SEAL = {"de": "Im Augenblick liegt kein Siegel vor.", "en": "At this moment there is no seal."}


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_seal_the_page_says_so(
    client: Client, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "names", list[str])
    assert NO_SEAL[language] in lines(client, language)


@pytest.mark.usefixtures("db")
def test_storage_that_is_away_takes_nothing_else_off_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> list[str]:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(archive, "names", away)
    found = lines(client, "de")
    assert NO_SEAL["de"] in found
    assert "Geltende Texte" in found


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_host_and_every_text_in_force_is_there(client: Client, language: str) -> None:
    html = client.get(f"/{language}/transparency/").content.decode()
    codes = re.findall(r"<code>([^<]+)</code>", html)
    assert {host for service in services() for host in service.hosts} <= set(codes)
    digests = {
        bytes(current_text(kind.value, each).digest).hex()
        for kind in LegalText.Kind
        for each in LANGUAGES
    }
    assert digests <= set(codes)
