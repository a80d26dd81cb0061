"""The last steps of a child process before its program takes over; run as a script.

    python -I -S launch.py PARENT DEATH_SIGNAL UID GID LISTENER PROGRAM [ARGUMENT ...]

These steps must happen in the child and in this order, and a script of its own can take them
where `preexec_fn` could deadlock in a parent with threads: give up root for UID and GID (-1:
stay), ask to be sent DEATH_SIGNAL when PARENT dies, hand over the listening socket in
descriptor LISTENER (-1: none) by the protocol of sd_listen_fds(3), and become PROGRAM.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
FIRST_PASSED_SOCKET = 3


def main(parent: int, death_signal: int, uid: int, gid: int, listener: int, argv: list[str]) -> int:
    try:
        if uid != -1:
            give_up_root(uid, gid)
        _follow(parent, death_signal)
        if listener != -1:
            os.dup2(listener, FIRST_PASSED_SOCKET)
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execvp(argv[0], argv)  # noqa: S606 - this script exists to do this
    except OSError as error:
        print(f"error: cannot run {argv[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
    return 127


def give_up_root(uid: int, gid: int) -> None:
    """Go on as this user and group, in no other group, and without a way back."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def _follow(parent: int, death_signal: int) -> None:
    # After the change of user, which the kernel answers by forgetting this wish.
    _prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit(f"error: parent {parent} died before the start")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    parent, death_signal, uid, gid, listener = map(int, sys.argv[1:6])
    sys.exit(main(parent, death_signal, uid, gid, listener, sys.argv[6:]))
