"""The guard of the whole process: no socket leads where register and settings do not.

``egress.session()`` judges requests of our own before they are made. Here, below it, every
connection that any Python code of the process opens is judged, whatever library it belongs to:
an audit hook, which cannot be taken away again, sees each before it is made. A connection to a
name in the register goes to addresses that the name was found to have, and to no others.

What it cannot see: C code that opens sockets by itself. Here that is libpq, whose hosts come from
the settings alone, and programs such as pg_dump; the sandboxes of conversion and typesetting
have no network at all.
"""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dermalia.residency.addresses import is_global_unicast
from dermalia.residency.endpoints import HERE, names_this_machine, ports_by_host
from dermalia.residency.refusals import refuse
from dermalia.residency.register import HTTPS_PORT, admits, mail_servers

PIN_SECONDS = 300.0  # a connection follows its look-up at once; a library may try again
_MAX_PINS = 4096
_WITHIN_THE_KERNEL = frozenset({socket.AF_UNIX, socket.AF_NETLINK})
_BY_ADDRESS = frozenset({socket.AF_INET, socket.AF_INET6})

_pins: dict[tuple[str, int], float] = {}
_lock = threading.Lock()
_whole_machine = False


@dataclass(slots=True)
class _Passage:
    """One server that is let through for a while, and the addresses found for it meanwhile."""

    host: str
    port: int
    addresses: set[str] = field(default_factory=set)


_passages: ContextVar[tuple[_Passage, ...]] = ContextVar("passages", default=())


@cache
def install() -> None:
    """Set the guard up, for as long as this process and those it forks live."""
    found = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        answers = found(host, port, *args, **kwargs)
        if name := _name(host):
            _remember(name, {str(answer[4][0]) for answer in answers})
        return answers

    socket.getaddrinfo = getaddrinfo
    for method in ("connect", "connect_ex", "sendto", "sendmsg"):
        _judge_names_first(method)
    judges = _JUDGES.get

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # Called for everything auditable in the process: one look into a table, mostly in vain.
        judge = judges(event)
        if judge is not None:
            judge(*arguments)

    sys.addaudithook(hook)


def admit_this_machine() -> None:
    """Let this process connect to every port of this machine.

    For a process that starts servers and tries them out, such as the demo's; its children, web
    and workers, are not let through by it.

    Raises:
        ImproperlyConfigured: on anything but the embedded services.
    """
    global _whole_machine  # noqa: PLW0603 (one guard per process)
    if not settings.EMBEDDED:
        raise ImproperlyConfigured("Only a trial may connect to every port of its machine.")
    _whole_machine = True


@contextmanager
def admitting(host: str, port: int) -> Iterator[None]:
    """Let this thread through to one server that the register cannot know.

    For what a practice has named itself, such as its own mail server, and for as long as the
    block takes.
    """
    token = _passages.set((*_passages.get(), _Passage(_plain(host), port)))
    try:
        yield
    finally:
        _passages.reset(token)


def _judge_names_first(method: str) -> None:
    """Have a method of sockets refuse names before it looks them up: its event comes after."""
    original = getattr(socket.socket, method)

    @wraps(original)
    def judged(line: socket.socket, *arguments: Any) -> Any:
        target = arguments[-1] if arguments else None
        if line.family in _BY_ADDRESS and isinstance(target, tuple) and len(target) > 1:
            name = _name(target[0])
            if name and not (_is_own(name) or target[1] in _configured_ports(name)):
                refuse(f"{name}:{target[1]}")
        return original(line, *arguments)

    setattr(socket.socket, method, judged)


def _judge_connection(line: socket.socket, target: Any) -> None:
    family = line.family
    if family in _WITHIN_THE_KERNEL or target is None:  # a message of a line that is connected
        return
    if family not in _BY_ADDRESS or not isinstance(target, tuple) or len(target) < 2:
        refuse(f"a connection of the family {family}")
    host, port = _plain(_text(target[0])), target[1]
    if not _leads_to_us(host, port):
        refuse(f"{host}:{port}")


def _judge_look_up(host: Any, *_: Any) -> None:
    name = _name(host)
    if name and not (_is_own(name) or _ports(name)):
        refuse(name)


def _judge_reverse_look_up(host: Any, *_: Any) -> None:
    """Which name has an address: asks the network's name servers about it."""
    text = _plain(_text(host[0] if isinstance(host, tuple) else host))
    if not (names_this_machine(text) or _is_own(text) or _is_pinned(text)):
        refuse(text)


_JUDGES: dict[str, Callable[..., None]] = {
    "socket.connect": _judge_connection,
    "socket.sendto": _judge_connection,
    "socket.sendmsg": _judge_connection,
    "socket.getaddrinfo": _judge_look_up,
    "socket.gethostbyname": _judge_look_up,
    "socket.gethostbyaddr": _judge_reverse_look_up,
    "socket.getnameinfo": _judge_reverse_look_up,
}


def _leads_to_us(host: str, port: int) -> bool:
    until = _pins.get((host, port))
    if until is not None and until > time.monotonic():
        return True
    if any(host in each.addresses and port == each.port for each in _passages.get()):
        return True
    if _whole_machine and names_this_machine(host):
        return True
    return port in _configured_ports(host) or port in _ports(host)


def _ports(host: str) -> set[int]:
    """The ports at which a name, or an address that the settings name, may be called now."""
    return _lasting_ports(host) | {each.port for each in _passages.get() if each.host == host}


def _lasting_ports(host: str) -> set[int]:
    """Those of them that hold for more than a passage."""
    ports = set(_configured_ports(host))
    if not _is_address(host):
        ports |= {port for name, port in mail_servers() if name == host}
        if admits(host):
            ports.add(HTTPS_PORT)
    return ports


def _configured_ports(host: str) -> frozenset[int]:
    return ports_by_host().get(HERE if names_this_machine(host) else host, frozenset())


def _remember(name: str, addresses: set[str]) -> None:
    """Let connections through to what a name was found to be, at the ports it may be called."""
    for passage in _passages.get():
        if passage.host == name:
            passage.addresses |= addresses
    if names_this_machine(name):
        return  # its ports are asked for each time
    lasting, configured = _lasting_ports(name), _configured_ports(name)
    until = time.monotonic() + PIN_SECONDS
    with _lock:
        if len(_pins) > _MAX_PINS:
            _pins.clear()
        for address in addresses:
            # A service of the register is on the public internet; our own may be next door.
            ports = lasting if is_global_unicast(address) else configured
            _pins.update({(address, port): until for port in ports})


def _is_pinned(address: str) -> bool:
    return any(address == pinned for pinned, _ in list(_pins))


def _is_own(name: str) -> bool:
    """Whether a name is this machine's own, which is looked up to greet mail servers by it."""
    return names_this_machine(name) or name in {_plain(socket.gethostname()), ""}


def _name(host: Any) -> str:
    """The name that a look-up would ask the network about; empty for addresses and nothing."""
    text = _plain(_text(host))
    return "" if _is_address(text) else text


def _is_address(text: str) -> bool:
    for family in _BY_ADDRESS:
        try:
            socket.inet_pton(family, text.partition("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False


def _plain(host: str) -> str:
    return host.strip("[]").lower().removesuffix(".")


def _text(host: Any) -> str:
    if host is None:
        return ""
    return host.decode("ascii", "backslashreplace") if isinstance(host, bytes) else str(host)
