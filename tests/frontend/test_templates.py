"""Rules for every template that can be checked on its text."""

import re
from pathlib import Path

import pytest

from tests.frontend.conftest import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MAILS = sorted((ROOT / "templates/reports/mail").iterdir())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_tags(text: str) -> str:
    """Template tags and comments taken out, so that only HTML is left."""
    return re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", text, flags=re.DOTALL)


# What becomes a PDF or a mail never meets a browser's policy.
SERVED = [path for path in TEMPLATES if not {"pdf", "mail"} & set(path.parts)]


@pytest.mark.parametrize("template", SERVED, ids=name)
def test_a_template_needs_nothing_the_content_security_policy_forbids(template: Path) -> None:
    html = without_tags(template.read_text())
    assert re.findall(r"\sstyle\s*=|<style|\son[a-z]+\s*=|javascript:", html) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_a_template_names_no_other_server_and_no_preview_picture(template: Path) -> None:
    html = without_tags(template.read_text()).replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://|property=\"og:|name=\"twitter:", html) == []


def test_every_bundled_file_a_template_names_is_built(dist: Path) -> None:
    text = "".join(path.read_text() for path in TEMPLATES)
    named = set(re.findall(r"dist/([\w./-]+)", text))
    assert named
    assert [file for file in named if not (dist / file).is_file()] == []


@pytest.mark.parametrize(
    ("scripts", "template"), [("report", "_viewer"), ("compare", "_comparison_pictures")]
)
def test_every_sentence_a_viewer_speaks_is_in_its_template(scripts: str, template: str) -> None:
    sources = [path.read_text() for path in (ROOT / "frontend/js" / scripts).rglob("*.js")]
    spoken = {key for text in sources for key in re.findall(r"\bsay\(\"(\w+)\"\)", text)}
    words = (ROOT / "frontend/js/viewer/words.js").read_text()
    spoken |= set(re.findall(r'"(\w+)"', words)) - {"custom"}
    attributes = {re.sub(r"[A-Z]", lambda m: f"-{m[0].lower()}", key) for key in spoken}
    text = (ROOT / f"templates/reports/{template}.html").read_text()
    assert attributes == set(re.findall(r"data-say-([\w-]+)", text))


def test_every_part_a_comparison_looks_for_is_in_its_template() -> None:
    scripts = [path.read_text() for path in (ROOT / "frontend/js/compare").rglob("*.js")]
    sought = {part for text in scripts for part in re.findall(r'"\[(data-[\w-]+)', text)}
    template = (ROOT / "templates/reports/_comparison_pictures.html").read_text()
    assert sought
    assert [part for part in sought if part not in template] == []


def test_every_part_the_viewer_looks_for_is_in_its_template() -> None:
    scripts = [path.read_text() for path in (ROOT / "frontend/js/report").rglob("*.js")]
    sought = {part for text in scripts for part in re.findall(r'"\[(data-[\w-]+)', text)}
    texts = _viewer() + (ROOT / "templates/reports/_values.html").read_text()
    assert sought
    assert [part for part in sought if part not in texts] == []


@pytest.mark.parametrize("mail", MAILS, ids=name)
def test_the_mail_says_nothing_about_what_the_link_leads_to(mail: Path) -> None:
    forbidden = r"skin|scan|report|result|value|picture|face|3d|<img|health|derma"
    assert re.findall(forbidden, without_tags_but_messages(mail.read_text()), re.IGNORECASE) == []


def without_tags_but_messages(text: str) -> str:
    """What a reader sees: the translatable texts stay, variables and other tags go."""
    messages = re.findall(r'{% translate "([^"]+)" %}', text)
    messages += re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text, re.DOTALL)
    return without_tags(text + " ".join(messages))


def _viewer() -> str:
    return (ROOT / "templates/reports/_viewer.html").read_text()
