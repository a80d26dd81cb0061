"""A practice's own server as whole processes, on a data folder of the test's."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TypeVar

from dermalia.embedded import prepare
from dermalia.embedded.layout import Layout
from tests.deploy import running
from tests.environment import CODE, PROJECT
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer
from tests.migrated import KEPT
from tests.waiting import PATIENCE_SECONDS, free_port, listens, until

LINK = re.compile(r"https://\S+/r/\w+/")
T = TypeVar("T")


@dataclass
class PracticeServer:
    """Folders and addresses of one; ``flags`` sets it up."""

    home: Path
    https_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.exports.mkdir(parents=True)
        prepare(self.data)
        # What the run's own services were laid out from: migrating takes longer than all else.
        shutil.copytree(KEPT / CODE, Layout.of(self.data).postgres / "cluster")
        self.watched.mkdir()
        self.certificate, self.key = running.make_certificate(self.home)
        shutil.copy(Path(__file__).parent / "watcher.py", self.watched / "sitecustomize.py")

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def exports(self) -> Path:
        return self.home / "scanner" / "exports"

    @property
    def watched(self) -> Path:
        return self.home / "watched"

    @property
    def notes(self) -> Path:
        return self.home / "notes"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def address(self) -> str:
        return f"https://localhost:{self.https_port}"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "DERMALIA" not in name}
        return {
            **kept,
            "DERMALIA_DATA": str(self.data),
            "PYTHONPATH": str(self.watched),
            "WATCHER_NOTES": str(self.notes),
            "PYTHONUNBUFFERED": "1",
        }

    def reached(self) -> list[str]:
        """Flags that say where it is reached and what it watches."""
        return [
            f"--address={self.address}",
            f"--certificate={self.certificate}",
            f"--key={self.key}",
            "--host=127.0.0.1",
            f"--folder={self.exports}",
        ]

    def flags(self, mail: SmtpServer, authority: Path) -> list[str]:
        """All flags of a first start."""
        password = self.home / "password"
        password.write_text(f"{PASSWORD}\n")
        return [
            *self.reached(),
            "--practice=Demo practice",
            "--email=practice@example.org",
            "--owner=owner@example.org",
            "--smtp-host=localhost",
            f"--smtp-port={mail.port}",
            f"--smtp-user={USER}",
            f"--smtp-password-file={password}",
            f"--smtp-authority={authority}",
            "--from=praxis@example.org",
        ]

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command beside the running server, or alone."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.env,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done

    def python(self, code: str) -> str:
        """What a line of Python says that runs on the server's settings."""
        return self.manage("shell", "--no-imports", "--verbosity=0", "--command", code).stdout

    @contextmanager
    def up(self, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run it until the block ends; it must end well."""
        command = [sys.executable, str(PROJECT / "manage.py"), "up", "--local", *flags]
        before = len(self.said())
        with running.started(command, self.env, self.log) as process:
            self.until(
                lambda: process.poll() is not None or "Dermalia runs for" in self.said()[before:]
            )
            self.until(lambda: process.poll() is not None or listens(self.https_port))
            assert process.poll() is None, self.said()
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0, self.said()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        return running.ask(self.https_port, self.trusted(), path, method=method, **headers)

    def trusted(self, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        return running.trusting(self.certificate, version)

    def until(self, look: Callable[[], T | None]) -> T:
        return until(look, self.said)

    def ways_out(self) -> list[tuple[str, object]]:
        """Everything its Python processes tried to reach: event and place."""
        return [tuple(json.loads(line)[1:]) for line in self.notes.read_text().splitlines()]


def remote_ends(processes: Iterable[int]) -> set[IPv4Address | IPv6Address]:
    """The far ends of all TCP and UDP sockets that these processes have open now.

    Sees what the interpreter's hook cannot: Postgres, Redis and rclone.
    """
    sockets = {inode for pid in processes for inode in _sockets_of(pid)}
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[9] in sockets:
                found.add(_address(columns[2]))
    return found


def _sockets_of(pid: int) -> Iterator[str]:
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            target = str(entry.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return


def _address(column: str) -> IPv4Address | IPv6Address:
    """As the kernel writes it: 32-bit words, each in the machine's byte order."""
    digits = column.partition(":")[0]
    raw = b"".join(bytes.fromhex(digits[i : i + 8])[::-1] for i in range(0, len(digits), 8))
    return ip_address(raw)
