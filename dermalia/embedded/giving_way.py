"""Root gives way: what root starts on one machine works as an account without its powers."""

import os
import sys
from pathlib import Path

import django

from dermalia.embedded.accounts import Account, hand_over, may, service_account
from dermalia.embedded.launch import give_up_root

_PROJECT = Path(__file__).resolve().parents[2]
_BUILD = _PROJECT / "build"  # where workers keep what they compiled for this processor


def give_way(data: Path) -> str | None:
    """Become the owner of ``data``, or the system user ``dermalia`` if that is root, for good.

    The folder with all it holds goes over to that account: web, workers and servers then run as
    it, as they run as whoever else starts them. Call it before threads and connections.

    Returns:
        None once this process is not root; else why it has to stay root, in one sentence.

    Raises:
        EmbeddedError: the account cannot be created.
    """
    if os.geteuid() != 0:
        return None
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = service_account(data)
    assert account is not None  # as we are root
    closed = _closed_to(account, data)
    if closed is not None:
        return (
            f"Runs as root: the user it would run as cannot reach {closed}. Put program and data"
            " where every user may go, as below /opt and /srv, or start it as a normal user."
        )
    hand_over(data, account)
    _hand_over_what_came_later(data, account)
    _BUILD.mkdir(exist_ok=True)
    os.chown(_BUILD, account.uid, account.gid)
    give_up_root(account.uid, account.gid)
    os.environ["HOME"] = "/nonexistent"  # root's is closed to us, and nobody's business
    return None


def _hand_over_what_came_later(data: Path, account: Account) -> None:
    """What commands that root gave meanwhile left behind, as a restore does: logs and locks."""
    for folder in (data, data / "logs", data / "run", data / "backup-keys"):
        for path in folder.iterdir() if folder.is_dir() else ():
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _closed_to(account: Account, data: Path) -> Path | None:
    """What the account would need to reach and cannot."""
    needed = (
        ("-x", Path(sys.executable).resolve()),
        *(("-r", Path(each)) for each in (os.__file__, django.__file__, _PROJECT / "manage.py")),
        ("-x", data.parent),
    )
    return next((path for flag, path in needed if not may(flag, path, account)), None)
