"""What the child gives up before it looks at a file: network, programs, files, time and memory.

Everything here is set by the child on itself, in its first milliseconds, because running code
between fork and exec is not safe in a parent with threads.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
from pathlib import Path

from .limits import Limits

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_OPEN_FILES = 64

# Sockets, starting programs, reaching into other processes, and ways around this filter.
_FORBIDDEN = {
    "x86_64": {
        *(41, 42, 43, 44, 46, 49, 50, 53, 288, 307),  # socket … sendmmsg
        *(57, 58, 59, 322),  # fork, vfork, execve, execveat
        *(62, 101, 310, 311, 424, 434, 438),  # kill, ptrace, process_vm_*, pidfd_*
        *(165, 248, 249, 250, 272, 298, 308, 321, 323, 425),  # mount, keys, unshare … io_uring
    },
    "aarch64": {
        *(198, 199, 200, 201, 202, 203, 206, 211, 242, 269),
        *(221, 281),
        *(117, 129, 270, 271, 424, 434, 438),
        *(40, 97, 217, 218, 219, 241, 268, 280, 282, 425),
    },
}
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000

_LOAD_WORD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_CALL_NUMBER, _ARCHITECTURE = 0, 4  # offsets in the kernel's seccomp_data
_ALLOW, _DENY = 0x7FFF0000, 0x00050000 | 1  # the latter answers EPERM


def confine(limits: Limits, *, parent: int) -> str:
    """Give up rights for the rest of this process's life; returns how the network was shut off.

    "namespace", "seccomp", "namespace+seccomp", or "open" where the system allows neither. Exits
    when ``parent``, a process id, is gone already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # A killed worker must not leave a child behind; it may have died before this line.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")  # when memory runs out, take this one
    barriers = []
    if not libc.unshare(_CLONE_NEWNET) or not libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        barriers.append("namespace")
    _set_limits(limits)
    if _install_filter(libc):
        barriers.append("seccomp")
    return "+".join(barriers) or "open"


def _set_limits(limits: Limits) -> None:
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        # Address space cannot be limited: WebAssembly reserves gigabytes that it never uses.
        (resource.RLIMIT_DATA, limits.memory),
    ):
        resource.setrlimit(kind, (value, value))
    # The first limit sends SIGXCPU, by which the parent knows; the second is there if it is caught.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 2))


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def _install_filter(libc: ctypes.CDLL) -> bool:
    """A seccomp filter, which any process may put on itself; False where the kernel has none."""
    machine = platform.machine()
    if machine not in _FORBIDDEN:
        return False
    instructions = _filter(sorted(_FORBIDDEN[machine]), _AUDIT_ARCHITECTURE[machine])
    array = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), array)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def _filter(forbidden: list[int], architecture: int) -> list[_Instruction]:
    """Berkeley packet filter code; jumps count instructions to skip."""
    count = len(forbidden)
    return [
        _Instruction(_LOAD_WORD, 0, 0, _ARCHITECTURE),
        _Instruction(_JUMP_EQUAL, 0, count + 3, architecture),
        _Instruction(_LOAD_WORD, 0, 0, _CALL_NUMBER),
        # The 32-bit variants of all calls hide behind a flag on x86-64; no other number is as high.
        _Instruction(_JUMP_GREATER_EQUAL, count + 1, 0, _X32_CALLS),
        *(
            _Instruction(_JUMP_EQUAL, count - place, 0, number)
            for place, number in enumerate(forbidden)
        ),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _DENY),
    ]
