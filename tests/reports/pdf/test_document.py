"""What the document says: what the page says, in both languages, and nothing more."""

import json
import re
from datetime import UTC
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.utils import translation
from django.utils.formats import number_format

from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from reports.pdf import typeset
from reports.pdf.document import Letterhead
from reports.wording import EXPLANATIONS, NOTICE
from scans.metrics import Metric, Zone
from scans.models import Identity
from tests.reports.pdf.conftest import LANGUAGES, Example, composed, opened, source_of, with_words
from tests.reports.pdf.reader import Pdf

HOSTILE = "<b>Ä</b> {{ 7|add:7 }} &amp; <img src='file:///etc/passwd'> \u202e \"';"


def said(pdf: Pdf) -> str:
    """The text without its line breaks."""
    return " ".join(pdf.text.split())


def attached(pdf: Pdf) -> Any:
    (file,) = pdf.of_type("Filespec")
    return json.loads(pdf[file["EF"]["F"]].data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_every_value_as_the_device_gave_it(example: Example, language: str) -> None:
    found = example.sources[language].html
    shown = {
        (unescape(zone), number)
        for zone, number in re.findall(
            r'<th scope="row">([^<]+)</th><td><span class="zone-value">([^<]+)<', found
        )
    }
    wholes = re.findall(r'<span class="value-number">([^<]+)<', found)
    with translation.override(language):
        expected = [
            (item.zone, number_format(item.value, use_l10n=True)) for item in example.measured
        ]
        assert wholes == [number for zone, number in expected if zone == Zone.FACE]
        assert shown == {(str(z.label), number) for z, number in expected if z != Zone.FACE}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_the_page_says(example: Example, language: str) -> None:
    text = said(example.pdfs[language])
    with translation.override(language):
        wanted = [
            *(str(NOTICE), "Testperson Ä", "Demo practice", "practice@example.org"),
            *(str(metric.label) for metric in Metric),
            *(str(explanation) for explanation in EXPLANATIONS.values()),
        ]
    assert [words for words in wanted if words not in text] == []
    assert example.scan.algorithm_version in text
    assert example.scan.device_serial in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Hallo Testperson Ä", "Feuchtigkeit (Schätzwert)", "Löschung am", "Fragen?")),
        ("en", ("Hello Testperson Ä", "Hydration (estimate)", "Will be erased on", "Questions?")),
    ],
)
def test_each_language_is_complete(example: Example, language: str, words: tuple[str, ...]) -> None:
    text = said(example.pdfs[language])
    assert [word for word in words if word not in text] == []
    other = {"de": ("the scanner", "Your", "Value"), "en": ("Hautscanner", "Ihre", "Wert")}[
        language
    ]
    assert [word for word in other if word in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_judges_nothing_and_advises_nothing(example: Example, language: str) -> None:
    """R34, and no number of a percentile, an age or a limit."""
    with translation.override(language):
        text = said(example.pdfs[language]).replace(str(NOTICE), "")
    judging = (
        r"normal|auffällig|krankhaft|schlecht|gesund|empfehl|behandl|therap|diagnos|risiko|dringend"
        r"|abnormal|unhealth|healthy|recommend|treat|therap|disease|risk|urgent|score|!|%"
    )
    assert re.findall(judging, text, re.IGNORECASE) == []


def test_no_number_comes_before_what_it_means(example: Example) -> None:
    pdf = example.pdfs["de"]
    assert "Skala" not in pdf.page_text(pdf.pages[0])


def test_the_notice_stands_on_every_page(example: Example) -> None:
    pdf = example.pdfs["en"]
    with translation.override("en"):
        for page in pdf.pages:
            assert str(NOTICE) in " ".join(pdf.page_text(page).split())


def test_pages_are_numbered(example: Example) -> None:
    pdf = example.pdfs["de"]
    last = [pdf.page_text(page).split("\n")[-2] for page in pdf.pages]
    assert last == [f"{n} / {len(pdf.pages)}" for n in range(1, len(pdf.pages) + 1)]


def test_a_value_is_on_one_page(example: Example) -> None:
    pdf = example.pdfs["de"]
    with translation.override("de"):
        texts = [" ".join(pdf.page_text(page).split()) for page in pdf.pages]
        for metric, explanation in EXPLANATIONS.items():
            (text,) = [text for text in texts if str(explanation) in text]
            assert str(metric.label) in text
            end = text.index(str(explanation)) + 900
            assert str(Zone.CHIN.label) in text[text.index(str(explanation)) : end]


def test_the_attached_file_holds_what_was_measured(example: Example) -> None:
    content = attached(example.pdfs["de"])
    scan = example.scan
    assert scan.captured_at is not None
    assert (content["format"], content["version"]) == ("dermalia-report", 1)
    assert content["capture"] == {
        "scan_identifier": scan.scan_identifier,
        "captured_at": f"{scan.captured_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "device_model": scan.device_model,
        "device_serial": scan.device_serial,
        "algorithm_version": scan.algorithm_version,
    }
    found = {
        (item["metric"], item["zone"]): Decimal(str(item["value"])) for item in content["values"]
    }
    assert found == {(item.metric.value, item.zone.value): item.value for item in example.measured}
    estimates = {item["metric"] for item in content["values"] if item["estimate"]}
    assert estimates == {Metric.HYDRATION_PROXY}


def test_hostile_texts_stay_texts(report: Report, practice: Practice) -> None:
    Practice.objects.filter(pk=practice.pk).update(name=HOSTILE, city=HOSTILE[:9])
    source = source_of(report, "de")
    assert "<b>Ä" not in source.html
    text = said(Pdf(typeset(source)))
    assert "<img src='file:///etc/passwd'>" in text
    assert "{{ 7|add:7 }} &amp;" in text


def test_a_person_without_a_name_is_greeted_all_the_same(report: Report) -> None:
    with practice_scope(report.practice_id):
        Identity.objects.all().delete()
    html = composed(report, "en").html
    assert "<h1>Hello</h1>" in html


def test_an_endless_explanation_runs_over_pages(example: Example) -> None:
    with translation.override("en"):
        explanation = str(EXPLANATIONS[Metric.PORES])
    source = with_words(example.sources["en"], "Porous words. " * 720, for_=explanation)
    pdf = Pdf(typeset(source))
    assert said(pdf).count("Porous words.") == 720
    assert 4 <= len(pdf.pages) <= 12


def test_a_draft_says_when_it_is_erased_too(report: Report) -> None:
    with practice_scope(report.practice_id):
        Report.objects.filter(pk=report.pk).update(state=Report.State.DRAFT, released_at=None)
    assert "Will be erased on" in composed(report, "en").html


def test_a_letterhead_bears_the_practices_colour_and_mark(report: Report) -> None:
    letterhead = Letterhead(accent="ffee00", logo=b"a picture")
    document = composed(report, "de", letterhead)
    assert 'src="asset:logo" alt="Demo practice"' in document.html
    assert str(letterhead.colors.accent) in document.html
    assert "ffee00" not in document.html  # it could not be read on white


@pytest.mark.parametrize("accent", ["red", "12345", "url(http://x)", "}body{"])
def test_what_is_no_colour_is_refused(accent: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Letterhead(accent=accent).colors  # noqa: B018


def test_a_fingerprint_follows_the_content(report: Report, practice: Practice) -> None:
    with practice_scope(report.practice_id):
        key = opened(report)
    before = composed(report, "de").fingerprint(key)
    assert composed(report, "de").fingerprint(key) == before
    assert composed(report, "en").fingerprint(key) != before
    assert composed(report, "de", Letterhead(logo=b"1")).fingerprint(key) != before
    Practice.objects.filter(pk=practice.pk).update(phone="+49 40 1")
    assert composed(report, "de").fingerprint(key) != before
