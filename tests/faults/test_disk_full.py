"""No byte of the disk is free: writes are refused whole, reads go on, nothing is left lying."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.environment import PROJECT

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.getuid() != 0, reason="mounting a file system takes root"),
]
_MOUNT = 'mount -t tmpfs -o size="$1" none "$TMPDIR" && exec "$2" -m tests.faults.full_disk "$3"'


def on_a_disk_of(size: str, act: str, folder: Path) -> dict[str, Any]:
    """What the act tells, in a mount namespace that ends with it."""
    done = subprocess.run(
        ["/usr/bin/unshare", "--mount", "sh", "-c", _MOUNT, "sh", size, sys.executable, act],
        env=os.environ | {"TMPDIR": str(folder)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_postgres_without_room_refuses_entries_whole_and_goes_on_reading(tmp_path: Path) -> None:
    told = on_a_disk_of("400m", "postgres", tmp_path)
    assert told["refused"] == "DiskFull"
    assert told["read"] == "Demo practice"
    assert told["kept"] == told["acknowledged"]
    assert told["whole"]
    assert told["afterwards"] == told["kept"] + 1
    assert told["whole_afterwards"]


def test_models_and_documents_need_no_file_and_leave_none(tmp_path: Path) -> None:
    """What is clear is in memory only, so that a full disk is nothing to it."""
    told = on_a_disk_of("4m", "converting", tmp_path)
    assert told["model"] > 1000
    assert told["pdf"] == "%PDF-"
    assert told["new"] == []
