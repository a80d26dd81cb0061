"""What a folder of an export holds, file by file, and how long that is in a ZIP file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import TypeAdapter

from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey
from exports import zip64
from exports.models import Export, Folder
from reports.domain.bundle import Part

SCANS = "reports"  # the folder of all scans' folders


class Source(StrEnum):
    """Where a file's content comes from when its turn comes."""

    TEXT = "text"  # here
    OBJECT = "object"  # a sealed object of the scan
    ACCEPTANCE = "acceptance"  # the PDF of an accepted agreement
    LOG = "log"  # the audit log up to an entry
    CHECKPOINTS = "checkpoints"  # so many proofs that the log is in signed checkpoints
    ERASURES = "erasures"  # receipts as they were at that moment


@dataclass(frozen=True, slots=True)
class Item:
    """A file of an export, which comes out the same whenever it is read.

    Attributes:
        path: in the ZIP file.
        content: the text itself, or what the source needs to find it.
    """

    path: str
    size: int
    source: Source
    content: str

    @classmethod
    def of_text(cls, path: str, text: bytes) -> Self:
        return cls(path, len(text), Source.TEXT, text.decode())

    @classmethod
    def of_part(cls, folder: str, part: Part) -> Self:
        path = f"{folder}/{part.path}"
        if isinstance(part.content, bytes):
            return cls.of_text(path, part.content)
        return cls(path, part.size, Source.OBJECT, part.content.object_name)

    @property
    def length(self) -> int:
        """Bytes it takes in the ZIP file before the directory."""
        return zip64.file_length(self.path, self.size)


Items = TypeAdapter(list[Item])


def folder_path(number: int) -> str:
    """Where a scan's files are: by number, so that the name tells nothing."""
    return f"{SCANS}/{number:06}"


def total(items: Iterable[Item]) -> int:
    return sum(item.length for item in items)


def lay(
    export: Export,
    *,
    number: int,
    items: Sequence[Item],
    digest: bytes,
    key: UnlockedKey,
    scan_id: UUID | None = None,
) -> Folder:
    """The folder's row, behind what is laid already; neither it nor the export is saved.

    Args:
        digest: SHA-256 of the folder's manifest.
        key: the scan's own, or the practice's for what is not a scan's.
    """
    folder = Folder(
        practice_id=export.practice_id,
        export=export,
        scan_id=scan_id,
        number=number,
        position=export.length,
        length=total(items),
        directory=sum(zip64.entry_length(item.path) for item in items),
        files=len(items),
        bytes=sum(item.size for item in items),
        digest=digest,
        plan=Sealing(key, Items.dump_json(list(items)).decode()),
    )
    export.length += folder.length
    return folder


def items_of(folder: Folder, key: UnlockedKey) -> list[Item]:
    """The folder's files, opened."""
    return Items.validate_json(folder.plan.open(key))
