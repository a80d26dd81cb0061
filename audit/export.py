"""A practice's log as one file that can be checked without us."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from audit import merkle
from audit.canonical import dumps
from audit.checkpoint import Checkpoint
from audit.history import genuine
from audit.models import Head
from audit.signing import SigningKeys, signing_keys
from audit.stream import entries
from dermalia.tenancy import current_practice

OFFLINE = Path(__file__).parent / "offline"
# What goes along as it is: the verifier and how to use it.
ENCLOSED = ("LIESMICH.txt", "README.txt", "verify_audit.py")


def export_log(*, target: IO[bytes]) -> int:
    """Write the log of the practice in scope with its proofs as a ZIP, piece by piece.

    Others may go on writing to the log: the export ends with the entry that was the last one
    when it began, and holds the checkpoints made before that. ``target`` need not be seekable.

    Returns:
        The number of entries.

    Raises:
        ImproperlyConfigured: the signing key is missing or open to others.
    """
    keys = signing_keys()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ENCLOSED:
            archive.writestr(name, (OFFLINE / name).read_bytes())
        archive.writestr("public-key.pem", keys.public_pem())
        # In this order: a checkpoint must not know more than the entries that come with it.
        _write_lines(archive, "checkpoints.jsonl", checkpoint_lines(keys))
        head = Head.objects.first()
        count = head.sequence if head else 0
        _write_lines(archive, "entries.jsonl", entry_lines(count))
        archive.writestr("export.json", summary(count, bytes(head.hash) if head else bytes(32)))
    return count


def summary(count: int, last: bytes) -> str:
    """What ``export.json`` says: how many entries, and the hash of the last one."""
    return dumps(
        {
            "entries": count,
            "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "last_hash": last.hex(),
            "practice": current_practice(),
        }
    )


def entry_lines(count: int, *, after: int = 0) -> Iterator[str]:
    """The lines of ``entries.jsonl`` up to ``count``, without their ends; always the same.

    Args:
        after: the entry behind which to begin.
    """
    for _, text, stored in entries(up_to=count, after=after):
        yield f'{{"entry":{text},"hash":"{stored.hex()}"}}'


def checkpoint_lines(keys: SigningKeys) -> Iterator[str]:
    """From the first checkpoint that knows the practice on, without a gap; later ones follow."""
    practice_id, known = current_practice(), False
    for checkpoint in genuine(keys, []):
        index = checkpoint.index_of(practice_id)
        known = known or index is not None
        if known:
            yield dumps(_proof(checkpoint, index))


def _proof(checkpoint: Checkpoint, index: int | None) -> dict[str, object]:
    """The signed statement and what shows that this practice's leaf is in it; no other leaf."""
    proof: dict[str, object] = {
        "signature": checkpoint.signature.hex(),
        "statement": checkpoint.statement,
    }
    if index is not None:
        path = merkle.inclusion_path(checkpoint.leaf_hashes, index)
        proof["index"] = index
        proof["leaf"] = checkpoint.leaves[index].as_json()
        proof["path"] = [sibling.hex() for sibling in path]
    return proof


def _write_lines(archive: zipfile.ZipFile, name: str, lines: Iterator[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            file.write(line.encode() + b"\n")
