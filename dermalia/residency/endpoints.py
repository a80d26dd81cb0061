"""Where the parts of this installation are, as its settings name them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from dermalia.residency.addresses import is_loopback

HERE = "localhost"
_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}
_POSTGRES_PORT = 5432
_ENCRYPTED = frozenset({"https", "rediss"})
_VERIFYING = frozenset({"verify-ca", "verify-full"})


class Part(StrEnum):
    """A part of the installation that a process connects to."""

    DATABASE = "database"
    CACHE = "cache"
    OBJECTS = "object storage"
    BACKUPS = "backup storage"
    KEYS = "keys"
    STAND_IN = "stand-in"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One host and port that the settings name; the host in small letters, without brackets.

    Attributes:
        encrypted: TLS is spoken, and the certificate verified.
    """

    part: Part
    host: str
    port: int
    encrypted: bool = False

    @property
    def is_here(self) -> bool:
        return names_this_machine(self.host)

    @property
    def is_next_door(self) -> bool:
        """Whether it is on this machine or in a network of the installation's own: there names
        have no dots, as those of containers."""
        return self.is_here or not set(".:") & set(self.host)


def names_this_machine(host: str) -> bool:
    """Whether a host, by name or address, can be nothing but this machine."""
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host)


@cache
def endpoints() -> frozenset[Endpoint]:
    """Every host and port in the settings; sockets of the file system have neither."""
    return frozenset((*_databases(), *_caches(), *_storages(), *_keys(), *_stand_ins()))


@cache
def ports_by_host() -> Mapping[str, frozenset[int]]:
    """The ports in the settings by host; this machine, by whatever name, is ``HERE``."""
    found: dict[str, set[int]] = {}
    for each in endpoints():
        found.setdefault(HERE if each.is_here else each.host, set()).add(each.port)
    return {host: frozenset(ports) for host, ports in found.items()}


@receiver(setting_changed)
def read_anew(**_: object) -> None:
    """Forget what was read: the settings are others now."""
    endpoints.cache_clear()
    ports_by_host.cache_clear()


def _databases() -> Iterator[Endpoint]:
    for config in settings.DATABASES.values():
        hosts = str(config.get("HOST") or "").split(",")
        ports = str(config.get("PORT") or "").split(",")
        for at, host in enumerate(hosts):
            # libpq: one port for all hosts, or one for each.
            port = ports[at] if at < len(ports) else ports[0]
            if host and not host.startswith("/"):
                mode = config.get("OPTIONS", {}).get("sslmode", "")
                yield Endpoint(
                    Part.DATABASE, _plain(host), int(port or _POSTGRES_PORT), mode in _VERIFYING
                )


def _caches() -> Iterator[Endpoint]:
    locations: Any = settings.CACHES["default"]["LOCATION"]
    several = locations if isinstance(locations, list | tuple) else [locations]
    yield from _of_urls(Part.CACHE, settings.CELERY_BROKER_URL, *several)


def _storages() -> Iterator[Endpoint]:
    for name, config in settings.STORAGES.items():
        url = config.get("OPTIONS", {}).get("endpoint_url", "")
        part = Part.BACKUPS if name in {"backup", "ledger"} else Part.OBJECTS
        yield from _of_urls(part, url)


def _keys() -> Iterator[Endpoint]:
    yield from _of_urls(Part.KEYS, settings.KMS_ENDPOINT)


def _stand_ins() -> Iterator[Endpoint]:
    yield from _of_urls(Part.STAND_IN, *settings.SANDBOX_ORIGINS)


def _of_urls(part: Part, *urls: str) -> Iterator[Endpoint]:
    for url in urls:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        if parts.hostname and port:
            yield Endpoint(part, _plain(parts.hostname), port, parts.scheme in _ENCRYPTED)


def _plain(host: str) -> str:
    return host.strip("[]").lower().removesuffix(".")
