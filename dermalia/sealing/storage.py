"""Django's storage interface over sealed objects: nothing clear can be written through it."""

import copy
import io
from typing import Any, Self

from django.core.files import File

from dermalia.residency.storage import GuardedStorage
from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey

BUFFER = 1024 * 1024


class SealedStorage(GuardedStorage):
    """The bucket, as ``storages["objects"]`` gives it: it stores nothing until it has a key.

    ``storages["objects"].under(key, prefix)`` saves and opens files sealed under that key. Names
    are made here and tell nothing; what the caller calls the file is not stored.
    """

    unlocked_key: UnlockedKey | None = None
    folder = ""

    def under(self, key: UnlockedKey, prefix: str) -> Self:
        """The same bucket, able to seal and open below ``prefix``."""
        unlocked = copy.copy(self)
        unlocked.unlocked_key, unlocked.folder = key, prefix
        return unlocked

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002
        self._require_key()
        return objects.new_name(self.folder)

    def generate_filename(self, filename: str) -> str:  # noqa: ARG002 (Django names the arguments)
        self._require_key()
        return objects.new_name(self.folder)

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError("sealed objects have no address of their own")

    def size(self, name: str) -> int:
        """Bytes of plaintext, as the object's header states them."""
        return objects.length_of(name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        objects.put(self._require_key(), name, content.chunks(), length=content.size)
        return name

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("sealed objects are written whole, by save()")
        reader = _Reader(self._require_key(), name)
        return File(io.BufferedReader(reader, BUFFER), name=name)

    def _require_key(self) -> UnlockedKey:
        if self.unlocked_key is None:
            raise PermissionError("only sealed objects are stored: use under(key, prefix)")
        return self.unlocked_key


class _Reader(io.RawIOBase):
    """Plaintext of one object, fetched and authenticated where it is read."""

    def __init__(self, key: UnlockedKey, name: str) -> None:
        self._key, self._name = key, name
        self._length = objects.length_of(name)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = base + offset
        return self._at

    def readinto(self, into: Any) -> int:
        target = memoryview(into).cast("B")
        stop = min(self._at + len(target), self._length)
        if stop <= self._at:
            return 0
        filled = 0
        for piece in objects.read(self._key, self._name, start=self._at, stop=stop):
            target[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._at += filled
        return filled
