"""``manage.py export``: for the operator, on the practice's instruction."""

import io
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from exports.domain.serve import send
from exports.enclosed.verify_export import verify
from exports.models import Export
from practices.models import Practice
from reports.models import Report
from tests.exports.conftest import prepared, taken


def run(*words: str, **options: Any) -> str:
    told = io.StringIO()
    call_command("export", *words, stdout=told, **options)
    return told.getvalue()


def test_it_writes_a_file_that_only_its_owner_reads_and_checks_it(
    report: Report, practice: Practice, tmp_path: Path
) -> None:
    path = tmp_path / "practice.zip"
    told = run(practice=practice.pk, to=path)
    assert "the export is whole" in told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with practice_scope(practice.pk):
        assert not Export.objects.exists()
        entry = Entry.objects.get(action=Action.EXPORT_TAKEN)
    assert entry.actor == Actor.OPERATOR


def test_no_file_is_overwritten(report: Report, practice: Practice, tmp_path: Path) -> None:
    path = tmp_path / "practice.zip"
    path.write_bytes(b"mine")
    with pytest.raises(CommandError, match="cannot be written"):
        run(practice=practice.pk, to=path)
    assert path.read_bytes() == b"mine"


def test_it_goes_on_with_a_file_that_broke_off(
    report: Report, practice: Practice, tmp_path: Path
) -> None:
    export, path = prepared(practice), tmp_path / "practice.zip"
    half = export.length // 2
    path.write_bytes(b"".join(send(export, who=OPERATOR, start=0, stop=half)))
    whole = taken(export)
    assert "the export is whole" in run(practice=practice.pk, to=path, resume=True)
    assert path.read_bytes() == whole


def test_there_must_be_something_to_go_on_with(
    report: Report, practice: Practice, tmp_path: Path
) -> None:
    path = tmp_path / "practice.zip"
    path.touch()
    with pytest.raises(CommandError, match="no plan"):
        run(practice=practice.pk, to=path, resume=True)


def test_all_practices_get_a_file_each(
    report: Report, practice: Practice, other_practice: Practice, tmp_path: Path
) -> None:
    run(all=True, to=tmp_path / "all")
    files = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert files == sorted(f"practice-{each.pk}.zip" for each in (practice, other_practice))
    assert [verify(tmp_path / "all" / name).folders for name in files] == [1, 0]


def test_it_checks_a_file(report: Report, practice: Practice, tmp_path: Path) -> None:
    path = tmp_path / "practice.zip"
    data = taken(prepared(practice))
    path.write_bytes(data)
    assert "the export is whole" in run("check", str(path))
    path.write_bytes(data[:1000])
    with pytest.raises(CommandError, match="cut short"):
        run("check", str(path))


@pytest.mark.parametrize("options", [{}, {"practice": 1}, {"all": True}, {"practice": 1, "all": 1}])
def test_what_is_not_said_is_asked_for(db: None, options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="Name --to"):
        run(**options)


def test_a_practice_that_is_not_there(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no practice"):
        run(practice=987_654, to=tmp_path / "x.zip")
