"""The unprivileged account the services run under when we are root."""

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from dermalia.embedded.errors import EmbeddedError

ACCOUNT_NAME = "dermalia"
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
# Another start may hold the lock of /etc/passwd; useradd gives up at once, we do not.
_USERADD_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group to run a service as."""

    uid: int
    gid: int


def service_account(existing: Path) -> Account | None:
    """Whom to run the services as; None means as ourselves.

    Postgres refuses to run as root, so root gives way to the owner of the folder `existing`,
    or, while that is root still, to the system user `dermalia`, which is created when missing.
    Raises EmbeddedError if it cannot be created.
    """
    if os.geteuid() != 0:
        return None
    owner = existing.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    entry = _system_user()
    return Account(entry.pw_uid, entry.pw_gid)


def hand_over(folder: Path, account: Account | None) -> None:
    """Give a root-owned `folder` with all it holds to `account`.

    What root restored from a backup belongs to root; a folder that already belongs to the
    account is not walked.
    """
    if account is None or folder.stat().st_uid == account.uid:
        return
    for root, folders, names in os.walk(folder):
        for name in folders + names:
            os.chown(Path(root, name), account.uid, account.gid, follow_symlinks=False)
    # Last, so that an interrupted walk is taken up again at the next start.
    os.chown(folder, account.uid, account.gid)


def require_own(folder: Path) -> None:
    """Raise EmbeddedError if `folder` belongs to another user than ours (root may always)."""
    owner = folder.stat().st_uid
    if os.geteuid() in {0, owner}:
        return
    raise EmbeddedError(
        f"{folder} belongs to user {_name(owner)}: start as that user or as root, "
        "or choose another data folder."
    )


def can_execute(path: Path, account: Account) -> bool:
    """Whether `account` reaches and may execute `path`, asked of the kernel."""
    return may("-x", path, account)


def may(flag: str, path: Path, account: Account) -> bool:
    """Whether `account` reaches `path` and may read (`-r`), write (`-w`) or execute (`-x`) it."""
    test = shutil.which("test", path=_SYSTEM_PATH)
    if test is None:
        return False
    done = subprocess.run(
        [test, flag, path],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return done.returncode == 0


def _system_user() -> pwd.struct_passwd:
    deadline = time.monotonic() + _USERADD_PATIENCE_SECONDS
    while True:
        try:
            return pwd.getpwnam(ACCOUNT_NAME)
        except KeyError:
            complaint = _useradd()
        if complaint is not None and time.monotonic() > deadline:
            raise EmbeddedError(
                f"Cannot create the system user {ACCOUNT_NAME}, which Postgres needs because it "
                f"does not run as root ({complaint}): create it or start as a normal user."
            )
        time.sleep(0.1)


def _useradd() -> str | None:
    """Create the user; None, or why it did not work."""
    useradd = shutil.which("useradd", path=_SYSTEM_PATH)
    if useradd is None:
        return "there is no useradd"
    done = subprocess.run(
        [
            *(useradd, "--system", "--user-group", "--no-create-home"),
            *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else " ".join(done.stderr.split())


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
