"""Root keys: the file that wraps every practice's key."""

import base64
import json
import os
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class KeyRefused(Exception):
    """A wrapped key does not open: wrong keyring, wrong owner, or tampered bytes."""


class RootKeys(Protocol):
    """What wraps practice keys: a keyring file here, a key management service elsewhere."""

    @property
    def current(self) -> int: ...

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]: ...

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes: ...


@dataclass(frozen=True)
class Keyring:
    """Root key versions from a JSON file ``{"current": 1, "keys": {"1": base64 of 32 bytes}}``."""

    current: int
    keys: dict[int, bytes]

    @classmethod
    def read(cls, path: Path) -> "Keyring":
        """Raises ``ImproperlyConfigured`` if the file is missing, readable by others or odd."""
        try:
            status = path.stat()
            content = json.loads(path.read_text())
            keys = {int(v): base64.b64decode(k) for v, k in content["keys"].items()}
            ring = cls(current=int(content["current"]), keys=keys)
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ImproperlyConfigured(f"The keyring {path} cannot be read: {error}") from error
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ImproperlyConfigured(f"The keyring {path} is open to others: chmod 600 it.")
        if ring.current not in keys or any(len(key) != 32 for key in keys.values()):
            raise ImproperlyConfigured(f"The keyring {path} is incomplete.")
        return ring

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        return self.current, wrap(self.keys[self.current], key, bound_to=bound_to)

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        if version not in self.keys:
            raise KeyRefused(f"The keyring has no root key version {version}")
        return unwrap(self.keys[version], wrapped, bound_to=bound_to)


@cache
def root_keys() -> RootKeys:
    """The root keys this process works with, read once."""
    return Keyring.read(settings.KEYRING_FILE)


def wrap(outer: bytes, key: bytes, *, bound_to: bytes) -> bytes:
    """``key`` sealed under ``outer``; opens only with the same ``bound_to``."""
    nonce = os.urandom(12)
    return nonce + AESGCM(outer).encrypt(nonce, key, bound_to)


def unwrap(outer: bytes, wrapped: bytes, *, bound_to: bytes) -> bytes:
    """Raises ``KeyRefused`` if anything about it is not as it was wrapped."""
    try:
        return AESGCM(outer).decrypt(wrapped[:12], wrapped[12:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise KeyRefused("A wrapped key does not open") from error
