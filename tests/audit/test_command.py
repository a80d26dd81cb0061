"""``manage.py audit``: words for people, an exit code for programs."""

import json
import stat
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import Entry
from audit.signing import signing_keys
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.audit.support import cut_off, tampering

pytestmark = pytest.mark.usefixtures("bucket")
Practices = tuple[Practice, Practice]


def audit(*words: str) -> str:
    out = StringIO()
    call_command("audit", *words, stdout=out)
    return out.getvalue()


def test_checkpoint_and_verify_tell_the_key_to_note(practices: Practices) -> None:
    fingerprint = f"signing key {signing_keys().fingerprint}"
    assert fingerprint in audit("checkpoint")
    told = audit("verify")
    assert fingerprint in told
    assert f"practice {practices[0].pk}: 5 entries, verified" in told
    assert "1 checkpoints, the newest of" in told


def test_what_is_wrong_is_told_before_it_fails(practices: Practices) -> None:
    audit("checkpoint")
    cut_off(practices[0], after=3)
    out = StringIO()
    with pytest.raises(CommandError, match="copy the database and the checkpoints' bucket"):
        call_command("audit", "verify", stdout=out)
    assert "entries 4 to 5 are missing" in out.getvalue()
    assert f"practice {practices[1].pk}: 2 entries, verified" in out.getvalue()


def test_programs_read_json(practices: Practices) -> None:
    with tampering() as server:
        server.execute("DELETE FROM audit_entry WHERE sequence = 2")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("audit", "verify", "--json", "--practice", str(practices[0].pk), stdout=out)
    told = json.loads(out.getvalue())
    assert told["good"] is False
    assert told["practices"] == [
        {
            "practice": practices[0].pk,
            "entries": 1,
            "problems": [{"entry": 2, "text": "entry 2 is missing"}],
        }
    ]


def test_an_export_is_private_and_tells_of_itself(practices: Practices, tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    audit("export", "--practice", str(practices[0].pk), "--output", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with practice_scope(practices[0].pk):
        assert Entry.objects.get(sequence=6).action == Action.LOG_EXPORTED
    with zipfile.ZipFile(path) as export:
        assert len(export.read("entries.jsonl").splitlines()) == 6


def test_an_export_writes_over_nothing(practices: Practices, tmp_path: Path) -> None:
    path = tmp_path / "log.zip"
    path.write_text("something else")
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        audit("export", "--practice", str(practices[0].pk), "--output", str(path))
    assert path.read_text() == "something else"


def test_a_practice_without_a_log_is_said_to_have_none(
    practices: Practices, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="has no log"):
        audit("export", "--practice", "999999", "--output", str(tmp_path / "log.zip"))


def test_a_bucket_that_is_not_there_is_one_sentence(
    practices: Practices, settings: Settings
) -> None:
    storages = {**settings.STORAGES}
    options = {**storages["checkpoints"]["OPTIONS"], "bucket_name": "not-there"}
    settings.STORAGES = {**storages, "checkpoints": {**storages["checkpoints"], "OPTIONS": options}}
    with pytest.raises(CommandError, match="bucket cannot be reached"):
        audit("verify")
