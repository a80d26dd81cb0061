"""gltfpack in a WebAssembly sandbox: simplifying meshes without opening texture seams.

The guest cannot reach the file system, and a malformed file that would corrupt the memory of a
native program can only trap here. The module file is pinned by its hash because `wasi` speaks its
private interface.
"""

import hashlib
import os
import platform
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import wasmtime

from .errors import ConversionError, ErrorCode
from .wasi import MemorySystem

SHA256 = "ddd1658ec64b95916dc2b8d5ecff906501c178b5aa2df2fbf22eb8ae5422a417"  # npm gltfpack 1.3.0
Exports = Mapping[str, object]

_ROOT = Path(__file__).resolve().parents[2]


def module_path() -> Path:
    """Where library.wasm is: DERMALIA_GLTFPACK_WASM, or the npm package below the project."""
    configured = os.environ.get("DERMALIA_GLTFPACK_WASM")
    return Path(configured) if configured else _ROOT / "node_modules/gltfpack/library.wasm"


def cache_path() -> Path:
    """Where the compiled module is kept."""
    return _ROOT / "build" / f"gltfpack-{SHA256[:12]}-{platform.machine()}.cwasm"


def prepare() -> Path:
    """Compile the module once, so that a conversion loads it in milliseconds; returns its path.

    Several processes may do so at once: the file appears whole or not at all. One that another
    version of wasmtime wrote is replaced. Raises ConversionError(NOT_READY).
    """
    path, engine = cache_path(), _engine()
    if _cached(engine) is not None:
        return path
    serialized = wasmtime.Module(engine, _verified_module()).serialize()
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(serialized)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    return path


def pack(data: bytes, *, suffix: str, options: Sequence[str], memory: int) -> bytes:
    """Run gltfpack over one in-memory file ("glb") and return the GLB it writes.

    ``memory`` bounds the guest's memory in bytes. Raises ConversionError: UNREADABLE_MESH when
    gltfpack refuses the file or traps, TOO_LARGE when it needs more memory.
    """
    system = MemorySystem(f"scan.{suffix}", data, "scan-web.glb")
    store, exports = _instantiate(system, memory)
    arguments = ["gltfpack", "-i", system.input_name, "-o", system.output_name, *options]
    try:
        address = _upload_arguments(store, exports, arguments)
        code = _call(store, exports, "pack", len(arguments), address)
    except (wasmtime.Trap, wasmtime.WasmtimeError, IndexError) as error:
        raise ConversionError(_reason(store, exports, memory), where="gltfpack trap") from error
    finally:
        store.close()  # its memory would wait for the garbage collector
    if code != 0 or not system.written:
        raise ConversionError(ErrorCode.UNREADABLE_MESH, where=f"gltfpack code {code}")
    return bytes(system.written)


def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    # A copy-on-write image of the module would be a memory file, which the child may not write.
    config.memory_init_cow = False
    return wasmtime.Engine(config)


def _verified_module() -> bytes:
    try:
        module = module_path().read_bytes()
    except OSError as error:
        raise ConversionError(ErrorCode.NOT_READY, where="library.wasm missing") from error
    if hashlib.sha256(module).hexdigest() != SHA256:
        raise ConversionError(ErrorCode.NOT_READY, where="library.wasm has another hash")
    return module


def _cached(engine: wasmtime.Engine) -> wasmtime.Module | None:
    path = cache_path()
    if not path.exists():
        return None
    try:
        return wasmtime.Module.deserialize_file(engine, str(path))
    except wasmtime.WasmtimeError:
        return None  # written by another version of wasmtime


def _instantiate(system: MemorySystem, memory: int) -> tuple[wasmtime.Store, Exports]:
    engine = _engine()
    # Without the compiled file the module is compiled again, which takes a third of a second.
    module = _cached(engine) or wasmtime.Module(engine, _verified_module())
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=memory)
    linker = wasmtime.Linker(engine)
    functions = system.functions()
    for wanted in module.imports:
        assert isinstance(wanted.type, wasmtime.FuncType)
        assert wanted.name is not None
        linker.define_func(wanted.module, wanted.name, wanted.type, functions[wanted.name])
    exports = linker.instantiate(store, module).exports(store)
    guest_memory = exports["memory"]
    assert isinstance(guest_memory, wasmtime.Memory)
    system.bind(store, guest_memory)
    _call(store, exports, "__wasm_call_ctors")
    return store, exports


def _call(store: wasmtime.Store, exports: Exports, name: str, *arguments: int) -> int:
    function = exports[name]
    assert isinstance(function, wasmtime.Func)
    return function(store, *arguments) or 0


def _upload_arguments(store: wasmtime.Store, exports: Exports, arguments: Sequence[str]) -> int:
    """Put a C ``argv`` into the guest's memory and return its address."""
    texts = [argument.encode() + b"\0" for argument in arguments]
    table = 4 * len(texts)
    address = _call(store, exports, "malloc", table + sum(map(len, texts)))
    pointers, offset = [], address + table
    for text in texts:
        pointers.append(offset)
        offset += len(text)
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    memory.write(store, struct.pack(f"<{len(pointers)}I", *pointers) + b"".join(texts), address)
    return address


def _reason(store: wasmtime.Store, exports: Exports, limit: int) -> ErrorCode:
    """A guest out of memory traps like any other; its size tells the two apart."""
    memory = exports["memory"]
    assert isinstance(memory, wasmtime.Memory)
    # Its allocator grows the memory in steps, so it never stops exactly at the limit.
    near_limit = memory.data_len(store) > limit // 2
    return ErrorCode.TOO_LARGE if near_limit else ErrorCode.UNREADABLE_MESH
