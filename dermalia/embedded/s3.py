"""Object storage: `rclone serve s3` on a folder."""

import fcntl
import http.client
import os
import signal
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from dermalia.embedded import files
from dermalia.embedded.credentials import (
    BACKUP_BUCKET,
    BUCKET,
    CHECKPOINT_BUCKET,
    LEDGER_BUCKET,
)
from dermalia.embedded.layout import FOLDER_MODE
from dermalia.embedded.ports import LOOPBACK, listen_for_s3
from dermalia.embedded.process import Program, Rung
from dermalia.embedded.service import Service

_EXIT_CODE_ON_SIGTERM = 128 + signal.SIGTERM
_UNFINISHED_UPLOAD = ".rclone_temp_"
# From linux/fs.h, the same on every 64-bit architecture.
_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602
_FS_SYNC_FL = 0x00000008


class ObjectStorage(Service):
    """rclone on <data>/s3/objects/<bucket>/<key>, reached on 127.0.0.1 only.

    An acknowledged object survives the death of the process: `vfs-cache-mode off` writes it to
    its place before answering. It survives a power cut too if `durable` and the file system
    knows the synchronous attribute (ext4 does); rclone itself never syncs.

    The listening socket is ours and inherited by rclone, so no other program can take the port
    while rclone restarts: clients wait instead.
    """

    name: ClassVar[str] = "s3"
    label: ClassVar[str] = "The object storage"
    ladder: ClassVar[Sequence[Rung]] = (Rung(signal.SIGTERM, 10),)
    _listener: socket.socket | None = None

    @property
    def folder(self) -> Path:
        return self.layout.s3

    @property
    def _objects(self) -> Path:
        return self.folder / "objects"

    @property
    def _running_mark(self) -> Path:
        return self.layout.run / "s3.running"

    def make_ready(self) -> None:
        self._create_buckets()
        if self._running_mark.exists():
            self._remove_unfinished_uploads()
        self._running_mark.touch(files.PRIVATE_MODE)
        if self._listener is None:
            self._listener = listen_for_s3(self.layout)

    def program(self) -> Program:
        assert self._listener is not None
        known = files.read_private(self.layout.secrets)
        # In the environment, because every user may read the arguments of a process; the quotes
        # because rclone takes the value for a line of CSV.
        key_pair = f'"{known["s3_access_key"]},{known["s3_secret_key"]}"'
        return self.new_program(
            [
                *(self.binaries.rclone, "serve", "s3", "--vfs-cache-mode", "off"),
                # rclone resolves relative names by way of the root folder; this one it does not.
                "/proc/self/cwd/objects",
            ],
            env={"RCLONE_AUTH_KEY": key_pair, "RCLONE_CONFIG": ""},
            death_signal=signal.SIGTERM,
            listener=self._listener.fileno(),
        )

    def answers(self) -> bool:
        assert self._listener is not None
        # Whoever accepts on this socket is our rclone; any answer shows that it does.
        connection = http.client.HTTPConnection(
            LOOPBACK, self._listener.getsockname()[1], timeout=1
        )
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self, hurry: Callable[[], int] = lambda: 0) -> int | None:
        code = super().stop(hurry)
        # On SIGTERM it completes the uploads under way; by any other death it left them.
        if code == _EXIT_CODE_ON_SIGTERM:
            self._running_mark.unlink(missing_ok=True)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        return code

    def _create_buckets(self) -> None:
        names = (BUCKET, CHECKPOINT_BUCKET, BACKUP_BUCKET, LEDGER_BUCKET)
        buckets = [self._objects / name for name in names]
        for folder in (self._objects, *buckets):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            if self.account is not None:
                os.chown(folder, self.account.uid, self.account.gid)
        if self.durable:
            for bucket in buckets:
                _write_through(bucket)

    def _remove_unfinished_uploads(self) -> None:
        """Delete what uploads left that were cut off by a crash.

        rclone hides these files from listings, so an erasure would not find them.
        """
        for root, _, names in os.walk(self._objects):
            for name in names:
                if name.startswith(_UNFINISHED_UPLOAD):
                    Path(root, name).unlink()


def _write_through(folder: Path) -> None:
    """Have every write below `folder` reach the disk before it returns, where possible."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        raw = fcntl.ioctl(descriptor, _FS_IOC_GETFLAGS, struct.pack("l", 0))
        flags = struct.unpack("l", raw)[0] | _FS_SYNC_FL
        fcntl.ioctl(descriptor, _FS_IOC_SETFLAGS, struct.pack("l", flags))
    except OSError:
        pass  # tmpfs, overlayfs and others know no such attribute.
    finally:
        os.close(descriptor)
