"""What comes in pieces, as a file that can be read once."""

import io
from collections.abc import Iterator

from dermalia.sealing.chunks import Piece


class Pieces(io.RawIOBase):
    """An iterator in the shape that boto3's uploader reads."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._rest = bytearray()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        view = memoryview(self._rest)
        stop = len(view) if size < 0 else size
        taken, self._rest = bytes(view[:stop]), bytearray(view[stop:])
        return taken
