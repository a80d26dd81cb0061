"""Root keys: what wraps every practice's key, and the file that holds them."""

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ImproperlyConfigured


class KeyRefused(Exception):
    """A wrapped key does not open: wrong keyring, wrong owner, or tampered bytes."""


class KeysUnavailable(Exception):
    """The service that holds the root keys does not answer now; nothing is wrong with a key."""


class RootKeys(Protocol):
    """What wraps practice keys: a keyring file here, a key management service elsewhere.

    ``bound_to`` names whose key is wrapped; it opens with the same name only.
    """

    @property
    def current(self) -> int:
        """The version that wraps."""
        ...

    @property
    def versions(self) -> frozenset[int]:
        """The versions that can open."""
        ...

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]: ...

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes: ...

    def check(self) -> None:
        """Raises ``ImproperlyConfigured`` for keys that cannot do their work."""
        ...


@dataclass(frozen=True)
class Keyring:
    """Root key versions, as the keyring file holds them."""

    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys or any(len(key) != 32 for key in self.keys.values()):
            raise ValueError("the keyring is incomplete")

    @classmethod
    def read(cls, path: Path) -> Self:
        """From JSON: ``{"current": 1, "keys": {"1": base64 of 32 bytes}}``.

        Raises:
            ImproperlyConfigured: the file is missing, readable by others or odd.
        """
        try:
            status = path.stat()
            content = json.loads(path.read_text())
            keys = {int(v): base64.b64decode(k) for v, k in content["keys"].items()}
            ring = cls(current=int(content["current"]), keys=keys)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ImproperlyConfigured(f"The keyring {path} cannot be read: {error}") from error
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ImproperlyConfigured(f"The keyring {path} is open to others: chmod 600 it.")
        return ring

    def write(self, path: Path) -> None:
        """Replace the file whole; a crash leaves either the old keyring or the new one."""
        keys = {str(v): base64.b64encode(key).decode() for v, key in self.keys.items()}
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"current": self.current, "keys": keys}, file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            owner = path.stat()
            os.chown(beside, owner.st_uid, owner.st_gid)
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def with_new_version(self) -> "Keyring":
        """One more version, which wraps from now on."""
        newest = max(self.keys) + 1
        return Keyring(current=newest, keys={**self.keys, newest: os.urandom(32)})

    def without(self, version: int) -> "Keyring":
        """Raises ``ValueError`` for the current version and for one that is not there."""
        if version == self.current or version not in self.keys:
            raise ValueError(f"root key version {version} cannot be taken out")
        return Keyring(
            current=self.current, keys={v: k for v, k in self.keys.items() if v != version}
        )


class KeyringFile:
    """Root keys from a file, which is read again whenever it was replaced.

    So web and workers know a version that ``keys rotate`` added before the first key under it
    reaches them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int] | None = None

    @property
    def ring(self) -> Keyring:
        """Raises ``ImproperlyConfigured``, see ``Keyring.read``."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise ImproperlyConfigured(f"The keyring {self.path} cannot be read.") from error
        seen = (status.st_ino, status.st_mtime_ns)
        if seen != self._seen:
            self._ring, self._seen = Keyring.read(self.path), seen
        return self._ring

    @property
    def current(self) -> int:
        return self.ring.current

    @property
    def versions(self) -> frozenset[int]:
        return frozenset(self.ring.keys)

    def wrap(self, key: bytes, *, bound_to: bytes) -> tuple[int, bytes]:
        ring = self.ring
        return ring.current, wrap(ring.keys[ring.current], key, bound_to=bound_to)

    def unwrap(self, version: int, wrapped: bytes, *, bound_to: bytes) -> bytes:
        outer = self.ring.keys.get(version)
        if outer is None:
            raise KeyRefused(f"The keyring {self.path} has no root key version {version}.")
        return unwrap(outer, wrapped, bound_to=bound_to)

    def check(self) -> None:
        """Raises ``ImproperlyConfigured``, see ``Keyring.read``."""
        _ = self.ring


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
