"""Redis over a Unix socket: the broker of the workers, and the cache."""

import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dermalia.embedded.process import Program, Rung
from dermalia.embedded.service import Service


class Redis(Service):
    """Redis 6.2. Acknowledged writes survive the death of the process, and a power cut but
    for the last second if `durable`."""

    name: ClassVar[str] = "redis"
    label: ClassVar[str] = "Redis"
    ladder: ClassVar[Sequence[Rung]] = (Rung(signal.SIGTERM, 10),)

    @property
    def folder(self) -> Path:
        return self.layout.redis

    def make_ready(self) -> None:
        pass  # Redis replaces a socket that a dead one left.

    def program(self) -> Program:
        options = {
            "port": "0",
            "unixsocket": self.layout.redis_socket.name,
            "unixsocketperm": "700",
            "databases": "16",
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            # A broker that evicts loses tasks; a full one must say so.
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return self.new_program([self.binaries.redis, *arguments], death_signal=signal.SIGTERM)

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.layout.redis_socket))
                connection.sendall(b"PING\r\n")
                # While it loads its file it answers -LOADING.
                return connection.recv(64) == b"+PONG\r\n"
            except OSError:
                return False
