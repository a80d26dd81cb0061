"""How much one document may use."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Bounds that protect the server. Times in seconds, sizes in bytes.

    ``memory`` bounds the child's writable private memory; ``pages`` is checked once all of them
    are laid out, so it is time and memory that stop a document that never ends. The clock runs
    from the call, so that the wait for a turn and a second child are within it and the proxy, which
    waits a little longer, hears of the end; it leaves room for others who want the processor.
    """

    wall_seconds: float = 50.0
    cpu_seconds: int = 20
    memory: int = 512 * MIB
    input_bytes: int = 48 * MIB
    output_bytes: int = 24 * MIB
    pages: int = 60
    picture_pixels: int = 4096 * 4096
