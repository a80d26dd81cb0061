"""What sealing costs beside copying the same bytes in memory and to a file."""

import io
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.harness import medians, report
from benchmarks.services import fresh_services
from dermalia.sealing import chunks

LENGTH = 50_000_000
PIECE = 1024 * 1024
RANGE = 200_000


def drain(pieces: Iterable[chunks.Piece]) -> None:
    """Take every piece and keep none, as a socket does."""
    for _ in pieces:
        pass


def main() -> None:
    plain, key, name = os.urandom(LENGTH), os.urandom(32), "aa/bb"
    pieces = [plain[at : at + PIECE] for at in range(0, LENGTH, PIECE)]
    sealed = b"".join(chunks.seal(key, name, pieces, LENGTH))
    header, body = sealed[: chunks.HEADER.size], sealed[chunks.HEADER.size :]
    middle = chunks.span(LENGTH, LENGTH // 2, LENGTH // 2 + RANGE)

    def open_range() -> None:
        part = [sealed[middle.start : middle.stop]]
        start = LENGTH // 2
        drain(chunks.unseal(key, name, header, part, start=start, stop=start + RANGE))

    with tempfile.TemporaryDirectory() as folder, fresh_services(durable=False):
        file = Path(folder) / "object"

        def store(content: Iterable[chunks.Piece]) -> None:
            with file.open("wb") as target:
                target.writelines(content)
                target.flush()
                os.fsync(target.fileno())

        put, put_plain = into_bucket(key, pieces)
        seconds = medians(
            {
                "memcpy": lambda: bytearray(plain),
                "seal": lambda: drain(chunks.seal(key, name, pieces, LENGTH)),
                "unseal": lambda: drain(
                    chunks.unseal(key, name, header, [body], start=0, stop=LENGTH)
                ),
                "range": open_range,
                "store_plain": lambda: store(pieces),
                "store_sealed": lambda: store(chunks.seal(key, name, pieces, LENGTH)),
                "put_plain": put_plain,
                "put_sealed": put,
            },
            rounds=15,
        )
    megabytes = LENGTH / 1e6
    report(
        "sealing",
        figures={
            "seal_mb_per_s": megabytes / seconds["seal"],
            "unseal_mb_per_s": megabytes / seconds["unseal"],
            "range_200kb_ms": seconds["range"] * 1000,
            "put_mb_per_s": megabytes / seconds["put_sealed"],
        },
        ratios={
            "seal_vs_memcpy": seconds["seal"] / seconds["memcpy"],
            "store_overhead": seconds["store_sealed"] / seconds["store_plain"] - 1,
            "put_overhead": seconds["put_sealed"] / seconds["put_plain"] - 1,
        },
    )


def into_bucket(
    key: bytes, pieces: list[bytes]
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Putting the pieces into the bucket as the application does, and the same bytes plainly."""
    from uuid import UUID

    from dermalia.sealing import objects
    from dermalia.sealing.keys import UnlockedKey

    name, unlocked = objects.new_name(objects.new_prefix()), UnlockedKey(UUID(int=0), key)
    bucket = objects._storage().bucket  # noqa: SLF001 (the same bucket, without sealing)

    def put_plain() -> None:
        bucket.upload_fileobj(io.BytesIO(b"".join(pieces)), name)
        bucket.Object(name).content_length  # noqa: B018 (asked as the application asks)

    return lambda: objects.put(unlocked, name, pieces, length=LENGTH), put_plain


if __name__ == "__main__":
    main()
