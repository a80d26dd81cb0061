"""Connections to the address that was checked, and to no other.

Between a check of a host name and a second look-up the answer may change (DNS rebinding). Here a
name is looked up once per connection, every address is checked, and the socket is opened to one
of exactly these; TLS still verifies the name.
"""

import os
import socket
import threading
from collections.abc import Sequence
from typing import Any, Self

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse

from dermalia.residency.addresses import is_global_unicast, is_loopback

# A name with more addresses is not tried on all of them: each try may take its time.
TRIED_ADDRESSES = 3
PATIENCE_SECONDS = 30.0  # where a caller named no time at all

SocketAddress = tuple[Any, ...]
Found = tuple[socket.AddressFamily, SocketAddress]


class AddressRefused(Exception):
    """The name leads to an address that must not be called. Nothing was sent."""


def resolve(host: str, port: int) -> Sequence[Found]:
    """Every address of ``host``, all of them checked.

    A stand-in (``settings.SANDBOX_ORIGINS``) must be on this machine, anything else on the
    public internet.

    Raises:
        OSError: the name cannot be looked up.
        AddressRefused: one of the addresses is out of bounds, whatever the others are.
    """
    answers = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    within_bounds = is_loopback if _is_stand_in(host, port) else is_global_unicast
    found = [(family, address) for family, _, _, _, address in answers]
    if not found or not all(within_bounds(str(address[0])) for _, address in found):
        raise AddressRefused(f"{host} leads to an address that must not be called")
    return found


def dial(addresses: Sequence[Found], *, seconds: float) -> socket.socket:
    """A socket to the first address that answers. Raises OSError if none does in time."""
    tried = addresses[:TRIED_ADDRESSES]
    for last, (family, address) in enumerate(tried, start=1):
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(seconds / len(tried))
            line.connect(address)
        except OSError:
            line.close()
            if last == len(tried):
                raise
        else:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
    raise OSError("no address to call")


class Fuse:
    """Cuts a line that is not done in time, however busily it trickles.

    A socket's own timeout starts anew with each byte; a peer that sends one every few seconds
    would hold a worker for as long as it likes.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._burn)
        self._timer.daemon = True
        self._line: socket.socket | None = None

    def watch(self, line: socket.socket) -> None:
        # A copy of the descriptor: TLS takes the original away from whoever holds it.
        self._line = socket.socket(fileno=os.dup(line.fileno()))

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._line is not None:
            self._line.close()

    def _burn(self) -> None:
        if self._line is None:
            return
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it broke before we did it


class _Pinned(HTTPConnection):
    """`_new_conn` is where urllib3 opens its sockets; its SOCKS support hooks in here too."""

    _fuse: Fuse | None = None

    def connect(self) -> None:
        with Fuse(2 * self._seconds()) as self._fuse:
            super().connect()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        with Fuse(self._seconds()) as fuse:
            if self.sock is not None:
                fuse.watch(self.sock)
            return super().getresponse()

    def _new_conn(self) -> socket.socket:
        try:
            line = dial(resolve(self._dns_host, self.port or 0), seconds=self._seconds())
        except socket.gaierror as fault:
            raise NameResolutionError(self.host, self, fault) from fault
        except TimeoutError as fault:
            raise ConnectTimeoutError(self, f"{self.host} does not answer") from fault
        except OSError as fault:
            raise NewConnectionError(self, f"{self.host} cannot be reached: {fault}") from fault
        if self._fuse is not None:
            self._fuse.watch(line)
        return line

    def _seconds(self) -> float:
        return float(self.timeout) if isinstance(self.timeout, int | float) else PATIENCE_SECONDS


class PinnedHTTPConnection(_Pinned):
    """Plain HTTP; the guard lets it lead to stand-ins only."""


class PinnedHTTPSConnection(_Pinned, HTTPSConnection):
    """HTTPS whose certificate is for the name, not for the address."""


class PinnedHTTPPool(HTTPConnectionPool):
    ConnectionCls = PinnedHTTPConnection


class PinnedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = PinnedHTTPSConnection


def _is_stand_in(host: str, port: int) -> bool:
    bare = host.strip("[]")
    name = f"[{bare}]" if ":" in bare else bare
    return any(
        f"{scheme}://{name}:{port}" in settings.SANDBOX_ORIGINS for scheme in ("http", "https")
    )
