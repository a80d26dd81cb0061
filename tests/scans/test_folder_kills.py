"""Killed at any step: an export is where it was or where it belongs, and the next run goes on."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dermalia.sandbox.isemeco import export_capture
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from scans.domain.sources import watch
from scans.folder import aside
from scans.models import Asset, Connection, Scan
from tests.conftest import discover, process_environment
from tests.scans.exports import RECORDING
from tests.scans.test_folder import contents, look, names_in, pulled

pytestmark = pytest.mark.processes

STEPS = ["before the note", "after the note", "after the move", "while deleting"]
KILLED = """
import os, signal, sys
from pathlib import Path
from scans.folder import aside

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

step, path = sys.argv[1], Path(sys.argv[2])
if step == "before the note":
    aside.Path.write_text = die
if step == "after the note":
    aside.os.rename = die
if step == "after the move":
    rename = aside.os.rename
    aside.os.rename = lambda *places: (rename(*places), die())
if step == "while deleting":
    aside.shutil.rmtree = lambda path: (os.unlink(path / "skin.jpg"), die())
    aside.remove(path)
aside.set_aside(path, "a sentence")
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_nothing_and_the_next_run_ends_it(
    tmp_path: Path, step: str
) -> None:
    path = export_capture(RECORDING, tmp_path, scan_id="scan-1")
    before = contents(path)
    died = subprocess.run([sys.executable, "-c", KILLED, step, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    if step == "while deleting":
        assert not path.exists()
        aside.finish_removals(tmp_path)
        assert names_in(tmp_path) == []
        return
    if path.exists():
        aside.set_aside(path, "a sentence")
    moved = next(place for place in (tmp_path / "failed").iterdir() if place.is_dir())
    assert contents(moved) == before
    assert moved.with_name(f"{moved.name}.txt").read_text() == "a sentence\n"


KILLED_PULL = """
import django
django.setup()
import os, signal, sys
from pathlib import Path
from uuid import UUID
from django.conf import settings
from dermalia.sealing import objects
from scans.domain.pull import pull_scan

settings.SCAN_FOLDERS = Path(sys.argv[1])
left, put = int(sys.argv[4]), objects.put

def putting(*args, **kwargs):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return put(*args, **kwargs)

objects.put = putting
pull_scan(practice_id=int(sys.argv[2]), scan_id=UUID(sys.argv[3]))
"""


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("puts", [0, 1])
def test_a_worker_killed_while_it_copies_leaves_the_export_for_the_next(
    exports: Path, puts: int
) -> None:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    with practice_scope(practice.pk):
        connection = watch(practice=practice, folder=exports.name, exports=Connection.Exports.KEEP)
    path = export_capture(RECORDING, exports, scan_id="scan-1", zipped=True)
    (scan,) = discover(connection)
    died = subprocess.run(
        [
            *(sys.executable, "-c", KILLED_PULL),
            *(str(word) for word in (exports.parent, practice.pk, scan.pk, puts)),
        ],
        check=False,
        env=process_environment(DJANGO_SETTINGS_MODULE="dermalia.settings"),
    )
    assert died.returncode == -signal.SIGKILL
    look(connection)
    assert path.exists()
    with practice_scope(practice.pk):
        assert Asset.objects.filter(stored_at__isnull=False).count() == puts
        Scan.objects.update(leased_until=None)
    assert pulled(scan).state == Scan.State.STORED
    look(connection)
    assert names_in(exports) == ["done/scan-1.zip"]
