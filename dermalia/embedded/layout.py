"""Where everything of one data folder lies, and the short name its sockets go by."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from dermalia.embedded.errors import EmbeddedError

# sockaddr_un.sun_path holds 108 bytes with the closing zero.
SOCKET_PATH_LIMIT = 107
POSTGRES_PORT = 5432
FOLDER_MODE = 0o700

# libpq splits hosts at commas, redis-py and kombu differ in what they unquote: a folder with
# any other character is reached through its alias, so that no URL ever needs quoting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_ALIASES = Path("/tmp")  # noqa: S108 - TMPDIR may differ between two terminals, /tmp does not


@dataclass(frozen=True, slots=True)
class Layout:
    """The files and folders of one data folder (`data` is absolute and resolved)."""

    data: Path

    @classmethod
    def of(cls, data: Path) -> "Layout":
        return cls(data.expanduser().resolve())

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def keyring(self) -> Path:
        return self.data / "keyring.json"

    @property
    def signing_key(self) -> Path:
        """What signs the audit log's checkpoints."""
        return self.data / "audit-signing-key.pem"

    @property
    def backup_recipients(self) -> Path:
        """The public keys that backups are sealed to."""
        return self.data / "backup-recipients.json"

    @property
    def backup_keys(self) -> Path:
        """The private keys of backups: a folder of their own, to be kept elsewhere."""
        return self.data / "backup-keys"

    @property
    def ports(self) -> Path:
        return self.data / "ports.json"

    @property
    def local(self) -> Path:
        """How a practice's own server is set up; missing where things are only tried out."""
        return self.data / "local.json"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """Run locks: one file per process, held open for as long as any part of it lives."""
        return self.data / "run"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def s3(self) -> Path:
        return self.data / "s3"

    def run_lock(self, name: str) -> Path:
        return self.run / f"{name}.lock"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    @property
    def socket_root(self) -> Path:
        """The data folder under the name by which clients reach its sockets.

        It is the folder itself, or a short alias where a socket's path would be longer than
        the kernel takes or would need quoting in a URL.
        """
        return self._alias if self._needs_alias else self.data

    @property
    def postgres_sockets(self) -> Path:
        return self.socket_root / "postgres"

    @property
    def redis_socket(self) -> Path:
        return self.socket_root / "redis" / "redis.sock"

    def create_folders(self) -> None:
        """Create what is missing of the tree; folders that exist keep their mode."""
        self.data.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        for folder in (self.logs, self.run, self.postgres, self.redis, self.s3):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)

    def ensure_alias(self) -> None:
        """Create the short alias if this folder needs one.

        Raises EmbeddedError if someone else has taken its place: a stranger who owns the
        folder of aliases could lead our clients to a server of their own.
        """
        if not self._needs_alias:
            return
        home = self._alias.parent
        home.mkdir(mode=FOLDER_MODE, exist_ok=True)
        found = home.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or found.st_mode & 0o077:
            raise EmbeddedError(
                f"{home} is not a private folder of this user: choose a data folder with a path "
                f"shorter than {self._longest_data_path} letters without signs, or remove {home}."
            )
        if self._alias.is_symlink() and self._alias.readlink() == self.data:
            return
        self._alias.unlink(missing_ok=True)
        self._alias.symlink_to(self.data)

    def remove_alias(self) -> None:
        """Remove what `ensure_alias` created; without servers it leads to nothing."""
        if self._needs_alias:
            self._alias.unlink(missing_ok=True)

    @property
    def _alias(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return _ALIASES / f"dermalia-{os.geteuid()}" / digest

    @property
    def _needs_alias(self) -> bool:
        if not _PLAIN_PATH.fullmatch(str(self.data)):
            return True
        return len(os.fsencode(self.data)) > self._longest_data_path

    @property
    def _longest_data_path(self) -> int:
        return SOCKET_PATH_LIMIT - len(f"/postgres/.s.PGSQL.{POSTGRES_PORT}")
