"""The catalogue is complete, and every word a reader meets keeps to describing."""

import re
from datetime import UTC, date, datetime
from functools import cache
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.utils import translation

from practices.models import Practice
from reports import wording
from reports.domain.page import MetricValue, Page, ZoneValue
from scans.metrics import Metric, Zone
from tests.frontend.conftest import ROOT
from tests.frontend.words import ALLOWED, ENGLISH, GERMAN, RULES

CATALOGUE = ROOT / "locale/de/LC_MESSAGES/django.po"
# Attributes that are read out or shown; everything else in a tag is for machines.
READ = re.compile(r'\s(?:alt|title|aria-label|content|placeholder|data-say[\w-]*)="([^"]*)"')


@cache
def messages() -> dict[str, tuple[str, ...]]:
    """English text to its German ones: one, or one for each plural form."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="de")
    found: dict[str, tuple[str, ...]] = {}
    for message in filter(lambda each: each.id, catalogue):
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        found |= dict.fromkeys(map(str, ids), tuple(map(str, texts)))
    return found


def allowed(language: str) -> list[str]:
    with translation.override(language):
        return [str(text) for text in ALLOWED]


def judged() -> dict[str, tuple[str, ...]]:
    exempt = allowed("en")
    return {key: texts for key, texts in messages().items() if key not in exempt}


def test_every_exempt_text_is_in_the_catalogue() -> None:
    assert len(judged()) == len(messages()) - len(ALLOWED)


def test_every_text_of_the_templates_has_a_german_one() -> None:
    texts = [path.read_text() for path in (ROOT / "templates").rglob("*.*")]
    used = {m for text in texts for m in re.findall(r"{% translate (['\"])((?:(?!\1).)+)\1", text)}
    blocks = {
        m
        for text in texts
        for m in re.findall(r"{% blocktranslate[^%]*%}([^{]*){% endblocktranslate %}", text)
    }
    assert len(used) > 100
    assert sorted(({text for _, text in used} | blocks) - messages().keys()) == []


def test_no_english_text_claims_a_medical_purpose() -> None:
    assert [key for key in judged() if ENGLISH.search(key)] == []


def test_no_german_text_claims_a_medical_purpose() -> None:
    assert [text for texts in judged().values() for text in texts if GERMAN.search(text)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        *("Ihr Befund", "Das ist normal", "Wir empfehlen das", "eine Therapie", "Behandlung"),
        *("ein Symptom", "unauffällige Haut", "Ihr Risiko", "zur Früherkennung", "Hautgesundheit"),
        *("eine Erkrankung", "hilft zu lindern", "Ihr Hautalter", "Die KI erkennt", "verbessert"),
    ],
)
def test_the_german_rule_sees_what_it_forbids(sentence: str) -> None:
    assert GERMAN.search(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        *("A finding", "acne", "Your risk", "within normal range", "we recommend", "treatment"),
        *("healthy skin", "a lesion", "it detects", "skin age", "to prevent, prevention", "worse"),
        *("medical-grade", "clinically tested", "monitoring", "a prescription", "improves"),
    ],
)
def test_the_english_rule_sees_what_it_forbids(sentence: str) -> None:
    assert ENGLISH.search(sentence)


@pytest.mark.parametrize("language", RULES)
@pytest.mark.parametrize("template", ["gate", "gone", "report"])
def test_no_page_a_patient_sees_claims_a_medical_purpose(template: str, language: str) -> None:
    with translation.override(language):
        html = render_to_string(f"reports/{template}.html", _context())
        notice = str(wording.NOTICE)  # of what is exempt nothing else is for patients
    text = _read(html)
    assert ("Demo-Praxis" in text) is True
    assert (notice in text) is (template == "report")
    assert RULES[language].findall(text.replace(notice, "")) == []


def test_the_estimate_is_called_one_wherever_it_stands() -> None:
    for language, word in (("en", "estimate"), ("de", "schätz")):
        with translation.override(language):
            html = render_to_string("reports/report.html", _context())
        card = html[html.index('data-value="hydration_proxy"') :]
        assert len(re.findall(word, _read(card), re.IGNORECASE)) >= 3


def _read(html: str) -> str:
    """All that a reader sees or hears: texts and the attributes that are read out."""
    spoken = " ".join(READ.findall(html))
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(f"{shown} {spoken}"))


def _context() -> dict[str, Any]:
    """A page with everything on it."""
    practice = Practice(name="Demo-Praxis", phone="+49 000 000000", email="praxis@example.org")
    gate = SimpleNamespace(practice_name="Demo-Praxis", practice_contact="+49 000 000000")
    return {"gate": gate, "page": _page(practice), "language_links": []}


def _page(practice: Practice) -> Page:
    stills = [
        {"view": view, "url": f"{view}.webp", "label": str(label), "width": 8, "height": 10}
        for view, label in wording.VIEWS.items()
    ]
    return Page(
        practice=practice,
        first_name="Demo",
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
        device_model="Demo",
        device_serial="DEMO",
        algorithm_version="1",
        due_on=date(2028, 1, 1),
        metrics=[_metric(metric) for metric in Metric],
        stills=stills,
        model={"url": "model.glb", "bytes": 1000},
        layers=[
            {"light": light, "label": str(label), "url": light}
            for light, label in wording.LIGHTS.items()
        ],
        overlays=[
            {"metric": metric.value, "label": str(metric.label), "url": metric.value, "still": ""}
            for metric in Metric
        ],
        zones=None,
        gallery=[{"url": "picture"}],
        notice=str(wording.NOTICE),
        pdf_url="report.pdf",
    )


def _metric(metric: Metric) -> MetricValue:
    return MetricValue(
        key=metric.value,
        label=str(metric.label),
        value=42,
        value_text="42",
        scale_min=0,
        scale_max=100,
        share=42,
        is_estimate=metric.is_estimate,
        explanation=str(wording.EXPLANATIONS[metric]),
        background=str(wording.BACKGROUNDS[metric]),
        zones=[ZoneValue(zone.value, str(zone.label), "42", 42) for zone in Zone],
    )
