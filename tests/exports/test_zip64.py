"""The pieces of a ZIP64 file, read back by Python's own reader."""

import io
from datetime import UTC, datetime
from zipfile import ZipFile
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from exports import zip64

AT = datetime(2026, 5, 26, 12, 30, 1, tzinfo=UTC)
# What a path may be made of: no name ends where ZIP's reader would cut it.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/\\"), min_size=1)


def written(files: dict[str, bytes], *, blanks: int = 0) -> bytes:
    data, lines = b"", b""
    for name, content in files.items():
        offset = len(data)
        piece = zip64.header(name, at=AT) + content
        piece += zip64.descriptor(crc=crc32(content), size=len(content))
        assert len(piece) == zip64.file_length(name, len(content))
        data += piece + bytes(blanks)
        line = zip64.entry(name, at=AT, crc=crc32(content), size=len(content), offset=offset)
        assert len(line) == zip64.entry_length(name)
        lines += line
    end = zip64.end(entries=len(files), directory_length=len(lines), directory_at=len(data))
    assert len(end) == zip64.END_LENGTH
    return data + lines + end


@given(files=st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    archive = ZipFile(io.BytesIO(written(files)))
    assert archive.testzip() is None
    assert {info.filename: archive.read(info) for info in archive.infolist()} == files


def test_blanks_between_files_are_nothing_to_a_reader() -> None:
    files = {"a/ä.txt": b"x" * 99, "b.bin": b""}
    archive = ZipFile(io.BytesIO(written(files, blanks=1000)))
    assert archive.testzip() is None
    assert archive.read("a/ä.txt") == files["a/ä.txt"]


def test_a_file_bears_its_time_and_is_for_its_owner_only() -> None:
    (info,) = ZipFile(io.BytesIO(written({"a.txt": b"x"}))).infolist()
    assert info.date_time == (2026, 5, 26, 12, 30, 0)
    assert info.external_attr >> 16 == 0o100600


def test_more_than_four_gigabytes_are_told_as_they_are() -> None:
    size, offset = 5 << 32, 7 << 32
    line = zip64.entry("a", at=AT, crc=1, size=size, offset=offset)
    end = zip64.end(entries=1 << 17, directory_length=len(line), directory_at=offset)
    assert size.to_bytes(8, "little") in line
    assert offset.to_bytes(8, "little") in line
    assert (1 << 17).to_bytes(8, "little") in end
