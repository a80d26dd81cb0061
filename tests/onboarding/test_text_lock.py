"""A text cannot change in silence: its release is locked, and a letter more needs another one."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from onboarding.domain import text_lock
from onboarding.domain.text_lock import ReleaseTaken, lock, problems, require_locked
from onboarding.domain.texts import RELEASE
from onboarding.models import LegalText


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of templates and lock, for a test to change."""
    texts = tmp_path / "texts"
    shutil.copytree(text_lock.folder(), texts)
    shutil.copy(text_lock.LOCK, tmp_path / "lock.json")
    monkeypatch.setattr(text_lock, "folder", lambda: texts)
    monkeypatch.setattr(text_lock, "LOCK", tmp_path / "lock.json")
    return texts


def add_a_letter(text: Path) -> None:
    text.write_text(text.read_text().replace("</h1>", ".</h1>", 1))


def test_the_texts_are_those_of_their_release() -> None:
    assert problems() == []


def test_every_text_of_every_language_is_locked() -> None:
    locked = json.loads(text_lock.LOCK.read_text())[RELEASE]["sha256"]
    assert set(locked) == {
        f"{kind}.{language}.html" for kind in LegalText.Kind for language in ("de", "en")
    }


def test_no_text_brings_in_what_the_lock_does_not_see() -> None:
    for path in text_lock.folder().iterdir():
        assert not re.search(r"{%\s*(include|extends)\b", path.read_text()), path.name


def test_a_letter_more_is_seen_at_every_start_and_cannot_be_locked_as_the_same_release(
    copies: Path,
) -> None:
    before = text_lock.LOCK.read_text()
    add_a_letter(copies / "agreement.de.html")
    (problem,) = problems()
    assert problem.startswith(f"agreement.de.html is not the text of release {RELEASE}.")
    assert [error.id for error in run_checks() if error.id == "onboarding.E001"]
    with pytest.raises(ImproperlyConfigured, match=r"agreement\.de\.html"):
        require_locked()
    with pytest.raises(ReleaseTaken):
        lock()
    for verb in ("status", "lock"):
        with pytest.raises(CommandError, match="Raise RELEASE"):
            call_command("legal_texts", verb)
    assert text_lock.LOCK.read_text() == before


@pytest.mark.parametrize("change", ["missing", "more"])
def test_a_text_that_is_missing_or_new_is_seen(copies: Path, change: str) -> None:
    path = copies / ("agreement.de.html" if change == "missing" else "another.de.html")
    path.unlink() if change == "missing" else path.write_text("<p>Demo</p>")
    assert [problem.split()[0] for problem in problems()] == [path.name]


def test_another_release_is_locked_beside_the_older_ones(
    copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = json.loads(text_lock.LOCK.read_text())
    add_a_letter(copies / "measures.en.html")
    monkeypatch.setattr(text_lock, "RELEASE", "99.0.0")
    monkeypatch.setattr(text_lock, "RELEASED_ON", date(2099, 1, 1))
    assert "not locked" in problems()[0]
    assert lock()
    assert problems() == []
    assert not lock()
    after = json.loads(text_lock.LOCK.read_text())
    assert after.pop("99.0.0")["released_on"] == "2099-01-01"
    assert after == before


def test_another_date_under_the_same_release_is_seen(
    copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_lock, "RELEASED_ON", date(2099, 1, 1))
    assert "another date" in problems()[0]


def test_web_and_workers_look_at_it_before_they_start() -> None:
    assert "onboarding.domain.text_lock.require_locked" in project.START_CHECKS
