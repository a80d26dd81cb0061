"""TCP ports: the one S3 listens on, and a clear refusal for one that is taken."""

import errno
import random
import socket

from dermalia.embedded import files
from dermalia.embedded.errors import EmbeddedError
from dermalia.embedded.layout import Layout

LOOPBACK = "127.0.0.1"

# Below the ephemeral range (32768 on Linux), where an outgoing connection of any program
# could sit on the stored port when we come back for it.
_PORTS = range(20_000, 32_000)
_TRIES = 200


def require_free_port(host: str, port: int) -> None:
    """Raise EmbeddedError, in one line, unless a server could listen on `host`:`port` now."""
    try:
        _listen(host, port).close()
    except OSError as error:
        raise EmbeddedError(_refusal(host, port, error)) from error


def stored_s3_port(layout: Layout) -> int:
    """The port of S3; raises FileNotFoundError if none was chosen yet."""
    port = files.read_private(layout.ports).get("s3")
    if not isinstance(port, int) or not 0 < port < 65_536:
        raise EmbeddedError(f"{layout.ports} is damaged: remove it, it is made anew.")
    return port


def choose_s3_port_once(layout: Layout) -> None:
    """Store a free port for S3 unless one is stored already."""
    if layout.ports.exists():
        return
    with _any_free_port() as listener:
        files.create_once(layout.ports, {"s3": listener.getsockname()[1]})


def leave_taken_s3_port(layout: Layout) -> None:
    """Store another port for S3 if the stored one is taken.

    Call only while no process of this folder can be the one who took it.
    """
    try:
        _listen(LOOPBACK, stored_s3_port(layout)).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        with _any_free_port() as listener:
            files.replace(layout.ports, {"s3": listener.getsockname()[1]})


def listen_for_s3(layout: Layout) -> socket.socket:
    """A socket that listens on the stored port of S3.

    Raises EmbeddedError if the port is taken. It is not changed here: processes that read
    their settings a moment ago would then talk to whoever took it.
    """
    port = stored_s3_port(layout)
    try:
        return _listen(LOOPBACK, port)
    except OSError as error:
        raise EmbeddedError(
            f"Port {port} of the object storage is in use by another program; "
            "start again to choose another port."
        ) from error


def _any_free_port() -> socket.socket:
    for port in random.sample(_PORTS, _TRIES):
        try:
            return _listen(LOOPBACK, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise EmbeddedError(f"No free port between {_PORTS.start} and {_PORTS.stop} on {LOOPBACK}.")


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of an earlier run in TIME_WAIT are no reason to move.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: stop it or choose another."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved for root: choose one above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror or error}."
