"""Notes every way out that a Python process tries; loaded as ``sitecustomize`` by each of them.

Asked by the interpreter itself (PEP 578), so that no library and no later code gets around it. What
is written is one JSON list a line: process, event, address.
"""

import json
import os
import sys
from typing import Any

_WATCHED = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.sendto",
        "socket.sendmsg",
    }
)
_NOTES = os.open(os.environ["WATCHER_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _WATCHED:
        return
    place = arguments[0] if event.startswith("socket.get") else arguments[1]
    if event == "socket.getaddrinfo":
        place = arguments[:2]
    line = json.dumps([os.getpid(), event, place], default=repr)
    os.write(_NOTES, line.encode() + b"\n")


sys.addaudithook(_note)
