#!/usr/bin/env python3
"""Checks the exported audit log of a practice without Dermalia.

    python3 verify_audit.py EXPORT [--key FINGERPRINT-OR-FILE] [--earlier OLDER-EXPORT]

EXPORT is the ZIP file or the folder it was unpacked to. Needs Python 3.9 or newer and the package
"cryptography", and nothing of Dermalia. Ends with 0 if everything holds, with 1 if not.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = bytes(32)
FIRST_PREVIOUS = "0" * 64
KIND = "dermalia audit checkpoint 1"
END_OF_KEY = b"-----END PUBLIC KEY-----"

Keys = dict[str, Ed25519PublicKey]  # by fingerprint


class Broken(Exception):
    """The verdict: what does not hold, and where."""


class Export:
    """The files of an export, from a ZIP or a folder."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self._zip = None if path.is_dir() else zipfile.ZipFile(path)

    @contextmanager
    def open(self, name: str) -> Iterator[TextIO]:
        try:
            raw = self._zip.open(name) if self._zip else (self._folder / name).open("rb")
        except (KeyError, OSError):
            raise Broken(f"the export has no file {name}") from None
        with raw, io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text:
            yield text

    def lines(self, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The objects in a file of JSON lines, with where each of them stands."""
        with self.open(name) as file:
            for number, line in enumerate(file, 1):
                where = f"{name}, line {number}"
                yield where, parse(line.rstrip("\n"), where)

    def summary(self) -> dict[str, Any]:
        with self.open("export.json") as file:
            summary = parse(file.read(), "export.json")
        if not {"practice", "entries", "last_hash"} <= set(summary):
            raise Broken("export.json: this was not written by an export")
        return summary


@dataclass
class Log:
    """What the signed checkpoints know of the log, and then what the entries show."""

    practice: int
    checkpoints: int = 0
    newest: str = "no checkpoint"
    covered: int = 0
    signers: set[str] = field(default_factory=set)
    digests: dict[int, str] = field(default_factory=dict)
    # sequence number of an entry: its hash, and who saw it
    seen: dict[int, tuple[str, str]] = field(default_factory=dict)
    entries: int = 0
    last_hash: str = GENESIS.hex()

    def see(self, sequence: int, stored: str, title: str) -> None:
        known, witness = self.seen.setdefault(sequence, (stored, title))
        if known != stored:
            raise Broken(f"entry {sequence}: {title} saw another one than {witness}")

    def compare(self, sequence: int, stored: str) -> None:
        known, witness = self.seen.get(sequence, (stored, ""))
        if known != stored:
            raise Broken(
                f"entry {sequence} is not the one that {witness} saw: the log was rewritten"
            )


def parse(text: str, where: str) -> dict[str, Any]:
    """A JSON object; only canonical text, so that nobody reads it otherwise than we do."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Broken(f"{where}: this is no JSON") from None
    if not isinstance(content, dict) or canonical(content) != text:
        raise Broken(f"{where}: this was not written by an export")
    return content


def canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def read_checkpoints(export: Export, log: Log, keys: Keys) -> None:
    """Check every checkpoint: signature, order, and that this log's end is in it as told."""
    before: dict[str, Any] | None = None
    for where, proof in export.lines("checkpoints.jsonl"):
        try:
            statement = parse(proof["statement"], where)
            title = f"checkpoint {statement['number']} of {statement['at']}"
            check_signature(proof, statement, keys, title)
            check_order(statement, before, title)
            leaf = check_inclusion(proof, statement, log.practice, title)
        except (KeyError, TypeError, ValueError):
            raise Broken(f"{where}: this is not a checkpoint") from None
        log.see(leaf["sequence"], leaf["hash"], title)
        log.checkpoints, log.newest, log.covered = log.checkpoints + 1, title, leaf["sequence"]
        log.signers.add(statement["key"])
        before = {**statement, "digest": sha256(proof["statement"].encode()).hex()}
        log.digests[statement["number"]] = before["digest"]


def check_signature(
    proof: dict[str, Any], statement: dict[str, Any], keys: Keys, title: str
) -> None:
    key = keys.get(statement["key"])
    if statement["kind"] != KIND or key is None:
        raise Broken(f"{title} is signed by another key: {statement['key']}")
    try:
        key.verify(bytes.fromhex(proof["signature"]), proof["statement"].encode())
    except InvalidSignature:
        raise Broken(f"{title}: the signature does not fit") from None


def check_order(statement: dict[str, Any], before: dict[str, Any] | None, title: str) -> None:
    number, previous = statement["number"], statement["previous"]
    if before is None:
        # Checkpoints from before the practice had a log are not part of its export.
        if (number == 1) != (previous == FIRST_PREVIOUS):
            raise Broken(f"{title} cannot be the first one")
        return
    if number > before["number"] + 1:
        raise Broken(f"checkpoints are missing between {before['number']} and {title}")
    if number != before["number"] + 1 or previous != before["digest"]:
        raise Broken(f"{title} does not follow checkpoint {before['number']}")
    if statement["at"] <= before["at"]:
        raise Broken(f"{title} is not later than checkpoint {before['number']}")


def check_inclusion(
    proof: dict[str, Any], statement: dict[str, Any], practice: int, title: str
) -> dict[str, Any]:
    """This practice's leaf, shown to be in the tree that was signed."""
    if "leaf" not in proof:
        raise Broken(f"{title} knows no log of this practice any more")
    leaf: dict[str, Any] = proof["leaf"]
    if leaf["practice"] != practice:
        raise Broken(f"{title}: the proof is for another practice")
    path = [bytes.fromhex(sibling) for sibling in proof["path"]]
    found = root_of(canonical(leaf).encode(), proof["index"], statement["tree_size"], path)
    if found is None or found.hex() != statement["root"]:
        raise Broken(f"{title}: the log is not in it as the export says")
    return leaf


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root a proof of inclusion leads to (RFC 9162, section 2.1.3.2); None if to none."""
    if not 0 <= index < size:
        return None
    at, last, value = index, size - 1, sha256(b"\x00" + leaf)
    for sibling in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            value = sha256(b"\x01" + sibling + value)
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            value = sha256(b"\x01" + value + sibling)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def read_entries(export: Export, log: Log) -> None:
    """Follow the chain from its beginning, and compare it with what was seen of it."""
    count, previous = 0, GENESIS
    log.compare(0, GENESIS.hex())
    for where, row in export.lines("entries.jsonl"):
        entry, stored = row.get("entry"), row.get("hash")
        if not isinstance(entry, dict):
            raise Broken(f"entry {count + 1} is not an entry ({where})")
        if (entry.get("sequence"), entry.get("practice")) != (count + 1, log.practice):
            raise Broken(f"entry {count + 1} is missing ({where})")
        count, previous = count + 1, sha256(previous + canonical(entry).encode())
        if previous.hex() != stored:
            raise Broken(f"entry {count} is not what was written")
        log.compare(count, stored)
    longest = max(log.seen, default=0)
    if longest > count:
        raise Broken(f"entry {count + 1} is missing: {log.seen[longest][1]} saw {longest} entries")
    log.entries, log.last_hash = count, previous.hex()


def read_keys(pem: bytes) -> Keys:
    """Public keys from PEM, by fingerprint: SHA-256 over the SubjectPublicKeyInfo."""
    keys: Keys = {}
    for block in pem.split(END_OF_KEY)[:-1]:
        key = serialization.load_pem_public_key(block.strip() + b"\n" + END_OF_KEY + b"\n")
        if not isinstance(key, Ed25519PublicKey):
            raise Broken("a public key is not Ed25519")
        der = key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        keys[sha256(der).hex()] = key
    return keys


def trusted_keys(export: Export, noted: list[str]) -> Keys:
    """The keys that were noted, or, where none was, those that came with the export."""
    with export.open("public-key.pem") as file:
        enclosed = read_keys(file.read().encode())
    trusted: Keys = {}
    for word in noted:
        if Path(word).is_file():
            trusted.update(read_keys(Path(word).read_bytes()))
            continue
        fingerprint = "".join(sign for sign in word.lower() if sign not in " :-")
        if fingerprint not in enclosed:
            raise Broken(f"the export is not signed with the key you noted: {fingerprint}")
        trusted[fingerprint] = enclosed[fingerprint]
    return trusted if noted else enclosed


def read_log(path: Path, noted: list[str], earlier: Log | None) -> Log:
    """Check an export. Raises ``Broken`` at the first thing that does not hold."""
    export = Export(path)
    summary = export.summary()
    log = Log(practice=summary["practice"])
    read_checkpoints(export, log, trusted_keys(export, noted))
    if earlier is not None:
        require_continuation(log, earlier)
    read_entries(export, log)
    if (log.entries, log.last_hash) != (summary["entries"], summary["last_hash"]):
        raise Broken(f"entry {log.entries + 1} is missing: there were {summary['entries']}")
    return log


def require_continuation(log: Log, earlier: Log) -> None:
    if log.practice != earlier.practice:
        raise Broken(f"the earlier export is of practice {earlier.practice}")
    for number, digest in earlier.digests.items():
        if log.digests.get(number) != digest:
            raise Broken(f"checkpoint {number} is not the one in your earlier export")
    log.see(earlier.entries, earlier.last_hash, "your earlier export")


def verdicts(log: Log, noted: list[str], earlier: Log | None) -> Iterator[str]:
    yield f"OK   entries 1 to {log.entries} of practice {log.practice} are whole"
    if log.checkpoints:
        yield f"OK   {log.checkpoints} checkpoints are signed and hold this log"
        yield f"OK   {log.newest} covers it up to entry {log.covered}"
    else:
        yield "NOTE there is no checkpoint yet: a log rewritten as a whole would not be found"
    if earlier is not None:
        yield "OK   everything in the earlier export is still there, unchanged"
    for key in sorted(log.signers):
        yield f"OK   signed with the key {key}"
    if log.signers and not noted:
        yield "NOTE the key came with the export: compare it with the one you noted, or use --key"
    yield "OK   the audit log holds"


def check(path: Path, noted: list[str], older: Path | None) -> tuple[bool, list[str]]:
    """Whether everything holds, and what to tell of it."""
    try:
        earlier = read_log(older, noted, None) if older else None
        return True, [*verdicts(read_log(path, noted, earlier), noted, earlier)]
    except Broken as verdict:
        return False, [f"BAD  {verdict}", "BAD  the audit log does not hold"]
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        return False, [f"BAD  the export or the key cannot be read: {error}"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the exported audit log of a practice.")
    parser.add_argument("export", type=Path, help="the ZIP file, or the folder it was unpacked to")
    parser.add_argument("--key", action="append", default=[], help="a fingerprint or a PEM file")
    parser.add_argument("--earlier", type=Path, help="an export you kept: must be contained")
    options = parser.parse_args()
    good, lines = check(options.export, options.key, options.earlier)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
