"""The handful of system calls gltfpack's WebAssembly build makes, answered from memory.

It is WASI preview 1 with two calls narrowed to 32 bits (``path_open32``, ``fd_seek32``). The guest
sees one input file and may write one output file, both by names that we choose; no other path
exists for it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import wasmtime

_OK = 0
_BAD_DESCRIPTOR = 8
_INVALID = 28
_IO_ERROR = 29
_NOT_SUPPORTED = 52

_DIRECTORY, _REGULAR_FILE = 3, 4
_CREATE = 1
_LOG_LIMIT = 16_384

# The guest's C library turns "scan.glb" into a path below the mount that stands for its folder.
_MOUNTS = {3: b"/", 4: b"/gltfpack-$pwd"}


@dataclass(slots=True)
class _OpenFile:
    data: bytes | bytearray
    writable: bool
    position: int = 0


@dataclass
class MemorySystem:
    """Answers the guest's calls; ``written`` holds what it wrote to ``output_name``.

    Attach the guest's memory with `bind` before the first call.
    """

    input_name: str
    input_data: bytes
    output_name: str
    written: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    _files: dict[int, _OpenFile] = field(default_factory=dict)

    def bind(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        """Use ``memory`` for every pointer the guest passes."""
        self._store, self._memory = store, memory

    def functions(self) -> dict[str, Callable[..., int | None]]:
        """The import table, by the names the module asks for."""
        return {
            "path_open32": self._path_open,
            "path_filestat_get": self._path_filestat_get,
            "fd_seek32": self._fd_seek,
            "fd_read": self._fd_read,
            "fd_write": self._fd_write,
            "fd_close": self._fd_close,
            "fd_fdstat_get": self._fd_fdstat_get,
            "fd_fdstat_set_flags": lambda _fd, _flags: _NOT_SUPPORTED,
            "fd_prestat_get": self._fd_prestat_get,
            "fd_prestat_dir_name": self._fd_prestat_dir_name,
            "proc_exit": lambda _code: None,
        }

    def _peek(self, address: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, address, address + size))

    def _poke(self, address: int, data: bytes) -> None:
        self._memory.write(self._store, data, address)

    def _buffers(self, vectors: int, count: int) -> list[tuple[int, int]]:
        return list(struct.iter_unpack("<II", self._peek(vectors, 8 * count)))

    def _path_open(
        self,
        parent: int,
        _lookup: int,
        path: int,
        length: int,
        flags: int,
        _base: int,
        _inheriting: int,
        _status: int,
        opened: int,
    ) -> int:
        if parent not in _MOUNTS:
            return _BAD_DESCRIPTOR
        name = self._peek(path, length).decode(errors="replace")
        if flags & _CREATE and name == self.output_name:
            file = _OpenFile(self.written, writable=True)
        elif not flags & _CREATE and name == self.input_name:
            file = _OpenFile(self.input_data, writable=False)
        else:
            return _IO_ERROR
        descriptor = max([*_MOUNTS, *self._files]) + 1
        self._files[descriptor] = file
        self._poke(opened, struct.pack("<I", descriptor))
        return _OK

    def _path_filestat_get(
        self, parent: int, _flags: int, path: int, length: int, result: int
    ) -> int:
        if parent not in _MOUNTS:
            return _BAD_DESCRIPTOR
        kind = _DIRECTORY if self._peek(path, length) == b"." else _REGULAR_FILE
        self._poke(result, struct.pack("<16xB47x", kind))
        return _OK

    def _fd_seek(self, descriptor: int, offset: int, whence: int, result: int) -> int:
        file = self._files.get(descriptor)
        if file is None:
            return _BAD_DESCRIPTOR
        position = offset + (0, file.position, len(file.data))[whence]
        if not 0 <= position <= len(file.data):
            return _INVALID
        file.position = position
        self._poke(result, struct.pack("<I", position))
        return _OK

    def _fd_read(self, descriptor: int, vectors: int, count: int, result: int) -> int:
        file = self._files.get(descriptor)
        if file is None:
            return _BAD_DESCRIPTOR
        total = 0
        for address, size in self._buffers(vectors, count):
            chunk = file.data[file.position : file.position + size]
            self._poke(address, bytes(chunk))
            file.position += len(chunk)
            total += len(chunk)
        self._poke(result, struct.pack("<I", total))
        return _OK

    def _fd_write(self, descriptor: int, vectors: int, count: int, result: int) -> int:
        total = 0
        for address, size in self._buffers(vectors, count):
            data = self._peek(address, size)
            if descriptor in (1, 2):
                self.log += data[: _LOG_LIMIT - len(self.log)]
            elif not self._store_at(descriptor, data):
                return _BAD_DESCRIPTOR
            total += size
        self._poke(result, struct.pack("<I", total))
        return _OK

    def _store_at(self, descriptor: int, data: bytes) -> bool:
        file = self._files.get(descriptor)
        if file is None or not file.writable:
            return False
        assert isinstance(file.data, bytearray)
        file.data[file.position : file.position + len(data)] = data
        file.position += len(data)
        return True

    def _fd_close(self, descriptor: int) -> int:
        return _OK if self._files.pop(descriptor, None) else _BAD_DESCRIPTOR

    def _fd_fdstat_get(self, descriptor: int, result: int) -> int:
        if descriptor in _MOUNTS:
            kind = _DIRECTORY
        elif descriptor in (1, 2) or descriptor in self._files:
            kind = _REGULAR_FILE
        else:
            return _BAD_DESCRIPTOR
        self._poke(result, struct.pack("<B23x", kind))
        return _OK

    def _fd_prestat_get(self, descriptor: int, result: int) -> int:
        if descriptor not in _MOUNTS:
            return _BAD_DESCRIPTOR
        self._poke(result, struct.pack("<II", 0, len(_MOUNTS[descriptor])))
        return _OK

    def _fd_prestat_dir_name(self, descriptor: int, address: int, length: int) -> int:
        if length != len(_MOUNTS.get(descriptor, b"")):
            return _INVALID
        self._poke(address, _MOUNTS[descriptor])
        return _OK
