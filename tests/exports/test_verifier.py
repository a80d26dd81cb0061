"""What stands in an export can be checked with one file that needs nothing of ours."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from exports.enclosed import verify_export
from exports.enclosed.verify_export import NoExport, verify
from practices.models import Practice
from reports.models import Report
from tests.exports.conftest import prepared, taken

MODEL = "reports/000001/derived/model.glb"
LIST = "reports/000001/manifest.json"
Edit = Callable[[str, bytes], bytes | None]


@pytest.fixture
def export(report: Report, practice: Practice) -> bytes:
    return taken(prepared(practice))


def rewritten(data: bytes, edit: Edit, *, more: dict[str, bytes] | None = None) -> io.BytesIO:
    """The ZIP with its files changed one by one; None leaves a file out."""
    target = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as before, ZipFile(target, "w") as after:
        for name in before.namelist():
            content = edit(name, before.read(name))
            if content is not None:
                after.writestr(name, content)
        for name, content in (more or {}).items():
            after.writestr(name, content)
    target.seek(0)
    return target


def saved(data: bytes, folder: Path) -> Path:
    path = folder / "export.zip"
    path.write_bytes(data)
    return path


def problems(file: io.BytesIO, tmp_path: Path) -> list[str]:
    return verify(saved(file.getvalue(), tmp_path)).problems


def changing(which: str, to: Callable[[bytes], bytes | None]) -> Edit:
    return lambda name, content: to(content) if name == which else content


def test_it_runs_alone_from_the_export_itself(export: bytes, tmp_path: Path) -> None:
    path = saved(export, tmp_path)
    program = tmp_path / "verify_export.py"
    program.write_bytes(ZipFile(path).read("verify_export.py"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "OK   the export is whole"


def test_it_counts_what_is_there(export: bytes, tmp_path: Path) -> None:
    found = verify(saved(export, tmp_path))
    names = ZipFile(io.BytesIO(export)).namelist()
    assert (found.folders, found.files) == (1, len(names) - 1)  # but for the list of all lists
    assert found.whole


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (changing(MODEL, lambda _: None), f"{MODEL} cannot be read: it is not there"),
        (changing(MODEL, lambda c: c[:-1]), f"{MODEL} has "),
        (changing(MODEL, lambda c: c[:-1] + b"?"), f"{MODEL} is not the one that was written"),
        (changing(LIST, lambda _: None), f"{LIST} cannot be read: it is not there"),
        (changing(LIST, lambda c: c + b" "), f"{LIST} is not the one that was written"),
        (changing("cases.jsonl", lambda _: b"{}"), "cases.jsonl has 2 bytes"),
    ],
)
def test_what_was_changed_is_named(export: bytes, tmp_path: Path, edit: Edit, said: str) -> None:
    named = problems(rewritten(export, edit), tmp_path)
    assert [problem for problem in named if problem.startswith(said)], named


def test_a_file_left_out_together_with_its_line_is_noticed(export: bytes, tmp_path: Path) -> None:
    def shorter(content: bytes) -> bytes:
        listed = json.loads(content)
        listed["files"] = [each for each in listed["files"] if each["path"] != "derived/model.glb"]
        return json.dumps(listed).encode()

    def edit(name: str, content: bytes) -> bytes | None:
        return None if name == MODEL else shorter(content) if name == LIST else content

    assert len(problems(rewritten(export, edit), tmp_path)) == 2


def test_a_file_that_nobody_wrote_is_named(export: bytes, tmp_path: Path) -> None:
    file = rewritten(export, lambda _, content: content, more={"reports/extra.txt": b"x"})
    assert problems(file, tmp_path) == ["reports/extra.txt is in the file, but in no list"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.9999])
def test_what_is_cut_short_is_said_to_be(export: bytes, tmp_path: Path, share: float) -> None:
    with pytest.raises(NoExport, match="cut short"):
        verify(saved(export[: int(len(export) * share)], tmp_path))


def test_any_other_zip_is_no_export(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "a")
    with pytest.raises(NoExport, match="no manifest"):
        verify(tmp_path / "other.zip")


def test_a_flipped_bit_is_found(export: bytes, tmp_path: Path) -> None:
    archive = ZipFile(io.BytesIO(export))
    at = archive.getinfo(MODEL).header_offset + 200
    damaged = bytearray(export)
    damaged[at] ^= 1
    found = verify(saved(bytes(damaged), tmp_path))
    assert [problem for problem in found.problems if MODEL in problem]
    assert verify_export.reason(KeyError("x")) == "it is not there"
