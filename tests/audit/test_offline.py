"""The verifier a practice runs on its export, with nothing of ours but the one file."""

import ast
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from audit import merkle
from audit.canonical import dumps
from audit.checkpointing import make_checkpoint
from audit.export import ENCLOSED, OFFLINE
from audit.signing import signing_keys
from practices.models import Practice
from tests.audit.exports import (
    check,
)
from tests.audit.support import tampering, write_entries

Practices = tuple[Practice, Practice]
Export = Callable[[Practice], Path]


def test_a_whole_export_holds(practices: Practices, export: Export) -> None:
    make_checkpoint()
    write_entries(practices[0], 1)
    code, told = check(export(practices[0]))
    assert told.splitlines()[0] == f"OK   entries 1 to 6 of practice {practices[0].pk} are whole"
    assert "covers it up to entry 5" in told
    assert f"signed with the key {signing_keys().fingerprint}" in told
    assert told.splitlines()[-2:] == [
        "NOTE the key came with the export: compare it with the one you noted, or use --key",
        "OK   the audit log holds",
    ]
    assert code == 0


def test_an_unpacked_export_holds(exported: Path) -> None:
    code, told = check(exported)
    assert "entries 1 to 9" in told
    assert "2 checkpoints" in told
    assert code == 0


def test_an_export_without_any_checkpoint_says_what_that_means(
    practices: Practices, export: Export
) -> None:
    code, told = check(export(practices[0]))
    assert "NOTE there is no checkpoint yet" in told
    assert code == 0


def test_an_export_begins_with_the_first_checkpoint_that_knows_the_practice(
    practices: Practices, export: Export
) -> None:
    with tampering() as server:
        server.execute("DELETE FROM audit_head WHERE practice_id = %s", [practices[1].pk])
        server.execute("DELETE FROM audit_entry WHERE practice_id = %s", [practices[1].pk])
    make_checkpoint()
    write_entries(practices[1], 2)
    make_checkpoint()
    path = export(practices[1])
    (line,) = zipfile.ZipFile(path).read("checkpoints.jsonl").splitlines()
    assert json.loads(json.loads(line)["statement"])["number"] == 2
    assert check(path)[0] == 0


def test_an_export_tells_nothing_of_other_practices(practices: Practices, export: Export) -> None:
    made = make_checkpoint()
    leaves = {leaf.practice: leaf for leaf in made.leaves}
    other = leaves[practices[1].pk]
    with zipfile.ZipFile(export(practices[0])) as file:
        everything = b"".join(file.read(name) for name in file.namelist()).decode()
        (proof,) = [json.loads(line) for line in file.read("checkpoints.jsonl").splitlines()]
    assert other.hash not in everything
    assert other.salt not in everything
    assert set(proof) == {"statement", "signature", "index", "leaf", "path"}
    assert proof["path"] == [other.hashed().hex()]
    # Who knows the neighbour's practice, sequence and head still cannot tell that it is there.
    for salt in ("", "00" * 16, leaves[practices[0].pk].salt):
        guess = dumps({**other.as_json(), "salt": salt}).encode()
        assert merkle.leaf_hash(guess).hex() not in proof["path"]


def test_what_comes_along_says_how_to_check_in_both_languages(exported: Path) -> None:
    assert {file.name for file in exported.iterdir()} == {
        *ENCLOSED,
        "checkpoints.jsonl",
        "entries.jsonl",
        "export.json",
        "public-key.pem",
    }
    for name in ("LIESMICH.txt", "README.txt"):
        text = (exported / name).read_text()
        assert "python3 verify_audit.py" in text
        for file in ("entries.jsonl", "checkpoints.jsonl", "public-key.pem", "export.json"):
            assert file in text


def test_the_verifier_is_python_3_9_and_imports_nothing_of_ours() -> None:
    tree = ast.parse((OFFLINE / "verify_audit.py").read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}
