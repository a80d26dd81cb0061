"""The catalogue is complete, and its words keep to describing (no medical purpose)."""

import gettext
import io
import re
import subprocess

import pytest

from tests.frontend.conftest import ROOT

CATALOGUE = ROOT / "locale/de/LC_MESSAGES/django.po"

# The fixed notice has to name what the page does not contain.
EXEMPT = ("This view shows values supplied by the skin scanner.",)

ENGLISH = (
    r"diagnos|finding|therap|\btreat|\bcure|\bheal|disease|illness|disorder|patholog|symptom|lesion"
    r"|melanoma|cancer|rosacea|acne|eczema|abnormal|normal|reference range|\brisk|prognos|predict"
    r"|detect|prevent|screening|monitor|recommend|prescri|medicati|reliev|improve|\bworse"
    r"|healthy|clinical|guarantee|skin age|end-to-end"
)
GERMAN = (
    r"diagnos|befund|therap|behandel|behandlung|\bheil|krank|patholog|symptom|melanom|krebs"
    r"|rosazea|\bakne|ekzem|läsion|auffällig|normal|normwert|referenz|risiko|prognos|früherkenn"
    r"|vorsorge|screening|überwach|monitor|empfehl|empfohl|verschreib|medikament|linder|besser"
    r"|verschlechter|gesund|hautalter|klinisch|medizinprodukt|garantier|ende-zu-ende"
)


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    """English text to German text, without the header."""
    command = ["msgfmt", "--check-format", "--output-file=-", str(CATALOGUE)]
    compiled = subprocess.run(command, check=True, capture_output=True).stdout
    catalogue = gettext.GNUTranslations(io.BytesIO(compiled))
    entries: dict[str | tuple[str, int], str] = catalogue._catalog  # type: ignore[attr-defined]
    return {key if isinstance(key, str) else str(key): text for key, text in entries.items() if key}


def judged(messages: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in messages.items() if not key.startswith(EXEMPT)}


def test_the_exempt_notice_is_in_the_catalogue(messages: dict[str, str]) -> None:
    assert len(judged(messages)) == len(messages) - len(EXEMPT)


def test_every_text_of_the_templates_has_a_german_one(messages: dict[str, str]) -> None:
    texts = [path.read_text() for path in (ROOT / "templates").rglob("*.*")]
    used = {m for text in texts for m in re.findall(r"{% translate (['\"])(.+?)\1 %}", text)}
    blocks = {
        m
        for text in texts
        for m in re.findall(r"{% blocktranslate[^%]*%}([^{]*){% endblocktranslate %}", text)
    }
    assert len(used) > 100
    assert sorted(({text for _, text in used} | blocks) - messages.keys()) == []


def test_no_english_text_claims_a_medical_purpose(messages: dict[str, str]) -> None:
    found = [key for key in judged(messages) if re.search(ENGLISH, key, re.IGNORECASE)]
    assert found == []


def test_no_german_text_claims_a_medical_purpose(messages: dict[str, str]) -> None:
    found = [text for text in judged(messages).values() if re.search(GERMAN, text, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("sentence", ["Ihr Befund ist normal", "Wir empfehlen eine Therapie"])
def test_the_german_rule_sees_what_it_forbids(sentence: str) -> None:
    assert re.search(GERMAN, sentence, re.IGNORECASE)


@pytest.mark.parametrize("sentence", ["A finding of acne", "Your risk is higher than normal"])
def test_the_english_rule_sees_what_it_forbids(sentence: str) -> None:
    assert re.search(ENGLISH, sentence, re.IGNORECASE)
