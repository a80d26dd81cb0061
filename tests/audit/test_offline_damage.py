"""Whatever is changed in an export, the offline verifier names it and does not crash."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.checkpointing import make_checkpoint
from practices.models import Practice
from tests.audit.exports import change_and_chain_anew, check, edit_lines, restate, unpack
from tests.audit.support import cut_off, rewrite

Practices = tuple[Practice, Practice]
Export = Callable[[Practice], Path]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda rows: rows[2]["entry"].update(actor="staff"), "entry 3 is not what was written"),
        (lambda rows: rows[8]["entry"].update(actor="staff"), "entry 9 is not what was written"),
        (lambda rows: rows[2].update(hash="00" * 32), "entry 3 is not what was written"),
        (lambda rows: rows[2].update(entry=None), "entry 3 is not an entry"),
        (lambda rows: rows.pop(2), "entry 3 is missing"),
        (lambda rows: rows.insert(4, rows.pop(2)), "entry 3 is missing"),
        (lambda rows: rows.insert(2, rows[1]), "entry 3 is missing"),
        (lambda rows: rows.pop(), "entry 9 is missing: there were 9"),
        (lambda rows: rows.__delitem__(slice(6, None)), "entry 7 is missing: checkpoint 2 of"),
        (lambda rows: rows.clear(), "entry 1 is missing: checkpoint 2 of"),
        (change_and_chain_anew, "entry 5 is not the one that checkpoint 1 of"),
    ],
)
def test_a_changed_log_is_found(
    exported: Path, edit: Callable[[list[dict[str, Any]]], object], says: str
) -> None:
    edit_lines(exported, "entries.jsonl", edit)
    code, told = check(exported)
    assert says in told
    assert told.splitlines()[-1] == "BAD  the audit log does not hold"
    assert code == 1


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda rows: rows[0].update(signature="00" * 64), "signature does not fit"),
        (lambda rows: rows[0].update(signature="xyz"), "is not a checkpoint"),
        (lambda rows: restate(rows[0], number=7), "signature does not fit"),
        (lambda rows: restate(rows[0], key="00" * 32), "signed by another key"),
        (lambda rows: rows[1]["leaf"].update(sequence=7), "not in it as the export says"),
        (lambda rows: rows[1]["leaf"].update(hash="00" * 32), "not in it as the export says"),
        (lambda rows: rows[1]["leaf"].update(practice=4711), "for another practice"),
        (lambda rows: rows[1].update(index=1), "not in it as the export says"),
        (lambda rows: rows[1]["path"].clear(), "not in it as the export says"),
        (lambda rows: rows[1].pop("leaf"), "knows no log of this practice any more"),
        (lambda rows: rows[1].pop("path"), "is not a checkpoint"),
        (lambda rows: rows.reverse(), "cannot be the first|does not follow"),
        (lambda rows: rows.insert(1, rows[0]), "does not follow"),
    ],
)
def test_a_changed_checkpoint_is_found(
    exported: Path, edit: Callable[[list[dict[str, Any]]], object], says: str
) -> None:
    edit_lines(exported, "checkpoints.jsonl", edit)
    code, told = check(exported)
    assert any(word in told for word in says.split("|")), told
    assert code == 1


def test_a_checkpoint_left_out_in_the_middle_is_found(practices: Practices, export: Export) -> None:
    for _ in range(3):
        make_checkpoint()
    folder = unpack(export(practices[0]))
    edit_lines(folder, "checkpoints.jsonl", lambda rows: rows.pop(1))
    code, told = check(folder)
    assert "checkpoints are missing between 1 and checkpoint 3" in told
    assert code == 1


def test_a_changed_database_is_found_in_its_export(practices: Practices, export: Export) -> None:
    make_checkpoint()
    rewrite(practices[0], since=2)
    code, told = check(export(practices[0]))
    assert "entry 5 is not the one that checkpoint 1 of" in told
    assert code == 1


def test_a_log_cut_off_in_the_database_is_found_in_its_export(
    practices: Practices, export: Export
) -> None:
    make_checkpoint()
    cut_off(practices[0], after=3)
    code, told = check(export(practices[0]))
    assert "entry 4 is missing: checkpoint 1 of" in told
    assert code == 1


@pytest.mark.parametrize("spelling", ['{ "entry"', '{"entry":{},"entry"'])
def test_a_line_that_could_be_read_in_two_ways_is_refused(exported: Path, spelling: str) -> None:
    file = exported / "entries.jsonl"
    file.write_text(file.read_text().replace('{"entry"', spelling, 1))
    code, told = check(exported)
    assert "entries.jsonl, line 1: this was not written by an export" in told
    assert code == 1


@pytest.mark.parametrize("name", ["entries.jsonl", "checkpoints.jsonl", "export.json"])
@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]\n", b"[" * 200_000])
def test_damaged_files_are_a_verdict_not_a_crash(exported: Path, name: str, content: bytes) -> None:
    (exported / name).write_bytes(content)
    code, told = check(exported)
    assert told.startswith("BAD ")
    assert code == 1


@pytest.mark.parametrize(
    "name", ["entries.jsonl", "checkpoints.jsonl", "export.json", "public-key.pem"]
)
def test_a_missing_file_is_named(exported: Path, name: str) -> None:
    (exported / name).unlink()
    assert check(exported) == (
        1,
        f"BAD  the export has no file {name}\nBAD  the audit log does not hold\n",
    )


def test_a_damaged_zip_is_a_verdict_not_a_crash(practices: Practices, export: Export) -> None:
    path = export(practices[0])
    whole = path.read_bytes()
    program = path.parent / "verify_audit.py"
    program.write_bytes(zipfile.ZipFile(path).read("verify_audit.py"))
    at = whole.index(b"entries.jsonl") + 40
    for damaged in (whole[:-50], whole[:at] + bytes(20) + whole[at + 20 :], b""):
        path.write_bytes(damaged)
        command = [sys.executable, "-I", str(program), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("BAD ")
