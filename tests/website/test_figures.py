"""Every number on a public page is a setting's, the register's, or one that a law has."""

import json
import re
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.test import Client
from django.utils.formats import date_format
from django.utils.translation import override
from pytest_django import Settings

from dermalia.residency.register import services
from onboarding.domain.texts import RELEASE, RELEASED_ON
from tests.website.reading import read
from website.domain import facts as source
from website.domain.facts import facts
from website.domain.sample import sample_page
from website.views.machines import public_paths

pytestmark = pytest.mark.usefixtures("db")
ROOT = Path(__file__).parents[2]
PATHS = [*public_paths("de"), *public_paths("en")]
# Numbers of the texts practices accept are held in their templates: tests/documents/test_texts.py.
OUR_WORDS = [path for path in PATHS if "/texts/" not in path]

# What no law and no sentence has: a page that shows one has it from where it should.
UNUSUAL = {
    "RETENTION_AESTHETIC_MONTHS": 7001,
    "RETENTION_MEDICAL_YEARS": 7002,
    "ERASURE_LIMIT_SECONDS": 7003,
    "LINK_LENGTH": 7004,
    "VISIT_DAYS": 7005,
    "REPORT_COOKIE_SECONDS": 7006 * 60,
    "STAFF_IDLE_SECONDS": 7007 * 60,
    "STAFF_FRESH_SECONDS": 7008 * 60,
    "STAFF_SESSION_SECONDS": 7009 * 3600,
}
CITED = re.compile(
    r"(?:Art\.|§§?) ?\d+[a-z]?"
    r"(?: ?\(\w+\)| (?:Abs\.|Satz|Nr\.|Buchst\.|sentence|no\.) \d+| (?:Buchst\.|lit\.) \w"
    r"|(?:, | to | bis | und | and |; )(?:§§? ?)?\d+[a-z]?)*"
    r"|\bAbs\. \d+|\(\d\)"
)
# Names, dates and figures of laws, courts and standards; nothing that the product promises.
FIXED = (
    r"\b3D\b",
    r"\bAES-256-GCM\b",
    r"\bSHA-256\b",
    r"\bC5\b",
    r"\b2021/914\b",  # standard contractual clauses
    r"\b0 (führt|returns)\b",  # a key
    r"\b(Teil|Part) [12]\b",
    r"\bWeb Content Accessibility Guidelines 2\.2\b",
    r"\bEN 301 549\b",
    r"\(EU\) 20\d\d/\d+",
    r"\bI ZR 170/24\b",
    r"\bC-(307/22|311/18)\b",
    r"\b(Stellungnahme|Opinion) 22/2024\b",
    r"\b(Empfehlungen|Recommendations) 01/2020\b",
    r"\b(Leitlinien|Guidelines) 05/2021\b",
    r"\b(26\. Oktober|26 October) 2023\b",
    r"\b(16\. Juli|16 July) 2020\b",
    r"\b(31\. Juli|31 July) 2025\b",
    r"\b(1\. Juli|1 July) 2025\b",
    r"\b(Typ|type) 2\b",
    r"\b72 (Stunden|hours)\b",  # Art. 33(1) GDPR
    r"\b(Stand|As of) (21\. November|21 November) 2026\b",  # of an article
)


@pytest.fixture
def unusual(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in UNUSUAL.items():
        assert hasattr(settings, name)
        setattr(settings, name, value)
    monkeypatch.setattr(source, "ATTEMPTS_KEPT", timedelta(hours=7010))
    monkeypatch.setattr(source, "INQUIRIES_KEPT", timedelta(days=7011))


def without(text: str, *patterns: str) -> str:
    for pattern in patterns:
        text = re.sub(pattern, " ", text)
    return text


def given(language: str) -> list[str]:
    """What settings, register and sample say, as patterns, longest first."""
    said = {*settings.OPERATOR.values(), settings.PRIVACY_EMAIL}
    for service in services():
        said |= {str(part) for part in astuple(service)}
    with override(language):
        said |= {date_format(RELEASED_ON, form) for form in ("d.m.Y", "j F Y", "DATE_FORMAT")}
        sample = sample_page()
        if sample is not None and sample.model is not None:
            said.add(filesizeformat(sample.model["bytes"]))
    texts = sorted(
        (each.replace("\xa0", " ") for each in said if re.search(r"\d", each)),
        key=len,
        reverse=True,
    )
    return [*map(re.escape, texts), rf"{re.escape(RELEASE)}(\+[0-9a-f]{{8}})?"]


@pytest.mark.usefixtures("unusual")
def test_every_fact_is_made_unusual_here() -> None:
    numbers = {name: value for name, value in facts().items() if isinstance(value, int)}
    assert len(numbers) == len(UNUSUAL) + 2
    assert {name: value for name, value in numbers.items() if not 7000 < value < 7100} == {}


@pytest.mark.usefixtures("unusual")
@pytest.mark.parametrize("path", OUR_WORDS)
def test_every_number_has_a_source(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    # The values of the sample are looked at below; moments are the evidence's own.
    text = read(html, without=frozenset({"values", "moment"})).replace("\xa0", " ")
    left = without(text, *given(path[1:3]), CITED.pattern, *FIXED)
    known = {str(value) for value in facts().values() if isinstance(value, int)}
    assert [line for line in left.splitlines() if set(re.findall(r"\d+", line)) - known] == []


@pytest.mark.usefixtures("unusual")
def test_the_search_would_find_a_number_typed_in() -> None:
    for sentence in ("after 60 seconds", "nach 24 Monaten", "a link of 25 characters", "TLS 1.3"):
        assert re.search(r"\d", without(sentence, *given("de"), CITED.pattern, *FIXED))


@pytest.mark.usefixtures("unusual")
def test_every_number_among_the_facts_is_read_somewhere(client: Client) -> None:
    pages = "".join(client.get(path).content.decode() for path in PATHS)
    numbers = {name: value for name, value in facts().items() if isinstance(value, int)}
    assert [name for name, value in numbers.items() if str(value) not in pages] == []


@pytest.mark.parametrize("path", ["/de/", "/en/"])
def test_the_sample_shows_the_values_it_was_made_with(client: Client, path: str) -> None:
    listed = ROOT / "static/sample/sample.json"
    if not listed.exists():
        pytest.skip("The sample was not made: python -m scripts.sample")
    whole = {
        item["metric"]: float(item["value"])
        for item in json.loads(listed.read_text())["measurements"]
        if item["zone"] == "face"
    }
    html = client.get(path).content.decode()
    found = re.findall(r'data-value="(\w+)".*?class="value-number">([\d.,]+)<', html, re.DOTALL)
    assert {metric: float(text.replace(",", ".")) for metric, text in found} == whole


def test_the_log_is_signed_as_often_as_the_pages_say() -> None:
    assert settings.CELERY_BEAT_SCHEDULE["audit checkpoint"]["schedule"] == 3600
    pages = (ROOT / "templates/website/pages").glob("*.html")
    hourly = re.compile("stündlich|every hour", re.IGNORECASE)
    said = {path.name.partition(".")[0] for path in pages if hourly.search(path.read_text())}
    assert said == {"security", "transparency"}
