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
    spoken = {key for text in _scripts(scripts) for key in re.findall(r"\bsay\(\"(\w+)\"\)", text)}
    words = (ROOT / "frontend/js/viewer/words.js").read_text()
    spoken |= set(re.findall(r'"(\w+)"', words)) - {"custom"}
    attributes = {re.sub(r"[A-Z]", lambda m: f"-{m[0].lower()}", key) for key in spoken}
    text = _template(template)
    assert attributes == set(re.findall(r"data-say-([\w-]+)", text))


def test_every_part_a_comparison_looks_for_is_in_its_template() -> None:
    sought = {
        part for text in _scripts("compare") for part in re.findall(r'"\[(data-[\w-]+)', text)
    }
    template = _template("_comparison_pictures")
    assert sought
    assert [part for part in sought if part not in template] == []


def test_every_part_the_viewer_looks_for_is_in_its_template() -> None:
    sought = {part for text in _scripts("report") for part in re.findall(r'"\[(data-[\w-]+)', text)}
    texts = "".join(map(_template, ("_viewer", "_values", "_value")))
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


def _template(name: str) -> str:
    """The text of a template of reports, with what it includes of the 3D views' own parts."""
    text = (ROOT / f"templates/reports/{name}.html").read_text()
    parts = re.findall(r'{% include "reports/(_viewer_\w+)\.html"', text)
    return text + "".join(_template(part) for part in parts)


def _scripts(folder: str) -> list[str]:
    """A folder's scripts, and those of others' that they import."""
    found = set((ROOT / "frontend/js" / folder).rglob("*.js"))
    for path in tuple(found):
        for target in re.findall(r'from "(\.{1,2}/[\w./]+)"', path.read_text()):
            found.add((path.parent / target).resolve())
    return [path.read_text() for path in sorted(found)]
