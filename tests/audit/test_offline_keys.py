"""Forgeries with fitting signatures: a noted key or a kept export shows them."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import archive, merkle
from audit.canonical import dumps
from audit.checkpoint import FIRST_PREVIOUS
from audit.checkpointing import make_checkpoint
from audit.signing import fingerprint, signing_keys
from practices.models import Practice
from tests.audit.exports import change_and_chain_anew, check, edit_lines, restate
from tests.audit.support import rewrite, write_entries
from tests.audit.test_signing import public_pem

Practices = tuple[Practice, Practice]
Export = Callable[[Practice], Path]


def test_the_noted_key_must_be_the_one_that_signed(exported: Path, tmp_path: Path) -> None:
    ours = signing_keys().fingerprint
    assert check(exported, "--key", ours)[0] == 0
    spaced = ":".join(ours[i : i + 2] for i in range(0, 64, 2)).upper()
    assert check(exported, "--key", spaced)[0] == 0
    code, told = check(exported, "--key", "ab" * 32)
    assert "not signed with the key you noted" in told
    assert code == 1


def test_a_key_file_can_be_noted_too(exported: Path, tmp_path: Path) -> None:
    noted, other = tmp_path / "noted.pem", tmp_path / "other.pem"
    noted.write_bytes(signing_keys().public_pem())
    stranger = Ed25519PrivateKey.generate()
    other.write_bytes(public_pem(stranger))
    code, told = check(exported, "--key", str(noted))
    assert "NOTE" not in told
    assert code == 0
    code, told = check(exported, "--key", str(other))
    assert "is signed by another key" in told
    assert code == 1


def forge_with_own_key(folder: Path) -> str:
    """Rewrite the whole export and sign it anew, as somebody without our key can."""
    key = Ed25519PrivateKey.generate()
    (folder / "public-key.pem").write_bytes(public_pem(key))
    edit_lines(folder, "entries.jsonl", change_and_chain_anew)
    rows = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
    hashes = [row["hash"] for row in rows]

    def sign_anew(proofs: list[dict[str, Any]]) -> None:
        previous = FIRST_PREVIOUS
        for proof in proofs:
            leaf = proof["leaf"]
            leaf["hash"] = hashes[leaf["sequence"] - 1]
            proof.update(index=0, path=[])
            root = merkle.leaf_hash(dumps(leaf).encode()).hex()
            name = fingerprint(key.public_key())
            restate(proof, previous=previous, root=root, tree_size=1, key=name)
            proof["signature"] = key.sign(proof["statement"].encode()).hex()
            previous = sha256(proof["statement"].encode()).hexdigest()

    edit_lines(folder, "checkpoints.jsonl", sign_anew)
    summary = json.loads((folder / "export.json").read_text())
    (folder / "export.json").write_text(dumps({**summary, "last_hash": hashes[-1]}))
    return fingerprint(key.public_key())


def test_a_forgery_signed_by_another_key_holds_only_for_who_noted_none(exported: Path) -> None:
    ours = signing_keys().fingerprint
    theirs = forge_with_own_key(exported)
    code, told = check(exported)
    assert code == 0
    assert f"signed with the key {theirs}" in told
    assert "NOTE the key came with the export" in told
    assert check(exported, "--key", ours)[0] == 1


def test_an_earlier_export_must_be_contained(practices: Practices, export: Export) -> None:
    make_checkpoint()
    write_entries(practices[0], 1)
    earlier = export(practices[0])
    write_entries(practices[0], 2)
    make_checkpoint()
    later = export(practices[0])
    code, told = check(later, "--earlier", str(earlier))
    assert "everything in the earlier export is still there" in told
    assert code == 0
    code, told = check(earlier, "--earlier", str(later))
    assert "checkpoint 2 is not the one in your earlier export" in told
    assert code == 1


def test_a_past_rewritten_with_our_own_key_is_found_by_an_earlier_export(
    practices: Practices, export: Export
) -> None:
    write_entries(practices[0], 1)
    make_checkpoint()
    earlier = export(practices[0])
    archive._storage().bucket.objects.all().delete()
    rewrite(practices[0], since=2)
    make_checkpoint()
    later = export(practices[0])
    assert check(later)[0] == 0  # nothing in it is wrong by itself
    code, told = check(later, "--earlier", str(earlier))
    assert "checkpoint 1 is not the one in your earlier export" in told
    assert code == 1


def test_entries_after_the_last_checkpoint_are_held_to_an_earlier_export(
    practices: Practices, export: Export
) -> None:
    make_checkpoint()
    write_entries(practices[0], 2)
    earlier = export(practices[0])
    rewrite(practices[0], since=7)
    code, told = check(export(practices[0]), "--earlier", str(earlier))
    assert "entry 7 is not the one that your earlier export saw" in told
    assert code == 1


def test_another_practice_s_earlier_export_is_refused(practices: Practices, export: Export) -> None:
    code, told = check(export(practices[0]), "--earlier", str(export(practices[1])))
    assert "the earlier export is of practice" in told
    assert code == 1
