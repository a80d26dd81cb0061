"""What sealing costs beside copying the same bytes in memory and to a file."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.harness import medians, report
from dermalia.sealing import chunks

LENGTH = 50_000_000
PIECE = 1024 * 1024


def drain(pieces: Iterable[chunks.Piece]) -> None:
    """Take every piece and keep none, as a socket does."""
    for _ in pieces:
        pass


def main() -> None:
    plain, key, name = os.urandom(LENGTH), os.urandom(32), "aa/bb"
    pieces = [plain[at : at + PIECE] for at in range(0, LENGTH, PIECE)]
    sealed = b"".join(chunks.seal(key, name, pieces, LENGTH))
    header, body = sealed[: chunks.HEADER.size], sealed[chunks.HEADER.size :]
    middle = chunks.span(LENGTH, LENGTH // 2, LENGTH // 2 + 200_000)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "object"

        def store(content: Iterable[chunks.Piece]) -> None:
            with file.open("wb") as target:
                target.writelines(content)
                target.flush()
                os.fsync(target.fileno())

        seconds = medians(
            {
                "memcpy": lambda: bytearray(plain),
                "seal": lambda: drain(chunks.seal(key, name, pieces, LENGTH)),
                "unseal": lambda: drain(
                    chunks.unseal(key, name, header, [body], start=0, stop=LENGTH)
                ),
                "range_200kB": lambda: [
                    *chunks.unseal(
                        key,
                        name,
                        header,
                        [sealed[middle.start : middle.stop]],
                        start=LENGTH // 2,
                        stop=LENGTH // 2 + 200_000,
                    )
                ],
                "store_plain": lambda: store(pieces),
                "store_sealed": lambda: store(chunks.seal(key, name, pieces, LENGTH)),
            }
        )
    megabytes = LENGTH / 1e6
    report(
        "sealing",
        figures={
            "seal_mb_per_s": megabytes / seconds["seal"],
            "unseal_mb_per_s": megabytes / seconds["unseal"],
            "range_200kb_ms": seconds["range_200kB"] * 1000,
        },
        ratios={
            "seal_vs_memcpy": seconds["seal"] / seconds["memcpy"],
            "store_overhead": seconds["store_sealed"] / seconds["store_plain"] - 1,
        },
    )


if __name__ == "__main__":
    main()
