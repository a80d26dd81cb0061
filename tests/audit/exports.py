"""Running the offline verifier, and damaging exports."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.canonical import GENESIS, dumps


def check(path: Path, *options: str) -> tuple[int, str]:
    """Exit code and words of the verifier that came with the export."""
    program = path.parent / "verify_audit.py"
    if path.is_file():
        program.write_bytes(zipfile.ZipFile(path).read("verify_audit.py"))
    else:
        shutil.copy(path / "verify_audit.py", program)
    done = subprocess.run(
        [sys.executable, "-I", str(program), str(path), *options],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def unpack(path: Path) -> Path:
    folder = path.with_suffix("")
    zipfile.ZipFile(path).extractall(folder)
    return folder


def edit_lines(folder: Path, name: str, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    file = folder / name
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    edit(rows)
    file.write_text("".join(dumps(row) + "\n" for row in rows))


def chain_anew(rows: list[dict[str, Any]]) -> None:
    previous = GENESIS
    for row in rows:
        previous = sha256(previous + dumps(row["entry"]).encode()).digest()
        row["hash"] = previous.hex()


def change_and_chain_anew(rows: list[dict[str, Any]]) -> None:
    rows[1]["entry"]["actor_id"] = 4711
    chain_anew(rows)


def restate(row: dict[str, Any], **changes: Any) -> None:
    row["statement"] = dumps({**json.loads(row["statement"]), **changes})
