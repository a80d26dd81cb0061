"""Checkpoints: whoever rewrites or cuts off the log, or the checkpoints themselves, is found."""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from pytest_django import Settings

from audit import archive, tasks, verification
from audit.chain import first_broken
from audit.checkpoint import Checkpoint, CheckpointRefused, Leaf, read, sign
from audit.checkpointing import make_checkpoint
from audit.models import Head
from audit.signing import signing_keys
from audit.verification import verify
from dermalia.embedded import Binaries, database_url
from dermalia.tenancy import practice_scope
from practices.models import Practice
from tests.audit.support import cut_off, rewrite, tampering, write_entries
from tests.conftest import CLONE
from tests.environment import DATA

pytestmark = pytest.mark.usefixtures("bucket")
Practices = tuple[Practice, Practice]


def found(practice: Practice) -> list[tuple[int, str]]:
    """What verification finds wrong with a practice's log."""
    verdicts = {verdict.practice: verdict for verdict in verify().practices}
    return [(problem.entry, problem.text) for problem in verdicts[practice.pk].problems]


def replace(made: Checkpoint, content: bytes) -> None:
    archive._storage().bucket.put_object(Key=made.name, Body=content)


def remove(made: Checkpoint) -> None:
    archive._storage().bucket.Object(made.name).delete()


def test_a_whole_log_with_its_checkpoints_is_good(practices: Practices) -> None:
    first = make_checkpoint()
    write_entries(practices[0], 1)
    second = make_checkpoint()
    result = verify()
    assert result.good
    assert (result.checkpoints, result.newest_checkpoint) == (2, second.at)
    assert [(v.practice, v.entries) for v in result.practices] == [
        (practices[0].pk, 6),
        (practices[1].pk, 2),
    ]
    assert (second.number, second.previous) == (2, first.digest)


def test_a_checkpoint_in_storage_is_what_was_signed(practices: Practices) -> None:
    made = make_checkpoint()
    assert archive.names() == [made.name]
    assert read(archive.fetch(made.name), keys=signing_keys()) == made
    ends = {head.practice_id: head for head in Head.across_practices.using("sweeper").only("hash")}
    assert {leaf.practice: leaf.hash for leaf in made.leaves} == {
        practice: bytes(head.hash).hex() for practice, head in ends.items()
    }


def test_names_sort_by_time_even_if_the_clock_steps_back(
    practices: Practices, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_checkpoint()
    monkeypatch.setattr("audit.checkpointing._now", lambda: first.at - timedelta(days=1))
    second = make_checkpoint()
    assert archive.names() == [first.name, second.name]
    assert verify().good


def test_what_is_stored_is_never_written_over(practices: Practices) -> None:
    made = make_checkpoint()
    with pytest.raises(FileExistsError):
        archive.store(made.name, b"other")
    assert archive.fetch(made.name) == made.to_bytes()


def test_the_task_makes_one(practices: Practices) -> None:
    tasks.checkpoint()
    assert len(archive.names()) == 1


def test_leaves_of_the_same_end_differ_from_checkpoint_to_checkpoint(practices: Practices) -> None:
    assert not {*make_checkpoint().leaf_hashes} & {*make_checkpoint().leaf_hashes}


@pytest.mark.parametrize("after", [0, 3])
def test_a_chain_cut_off_with_its_head_is_found(practices: Practices, after: int) -> None:
    make_checkpoint()
    cut_off(practices[0], after=after)
    with practice_scope(practices[0].pk):
        assert first_broken() is None  # the chain alone does not tell
    ((entry, text),) = found(practices[0])
    assert entry == after + 1
    assert "checkpoint 1 of" in text
    assert not found(practices[1])


def test_a_chain_that_is_gone_without_a_trace_is_found(practices: Practices) -> None:
    make_checkpoint()
    with tampering() as server:
        server.execute("DELETE FROM audit_entry WHERE practice_id = %s", [practices[0].pk])
        server.execute("DELETE FROM audit_head WHERE practice_id = %s", [practices[0].pk])
    assert [entry for entry, _ in found(practices[0])] == [1]


@pytest.mark.parametrize("since", [1, 4])
def test_a_chain_rewritten_with_fitting_hashes_is_found(practices: Practices, since: int) -> None:
    make_checkpoint()
    rewrite(practices[0], since=since)
    with practice_scope(practices[0].pk):
        assert first_broken() is None
    ((entry, text),) = found(practices[0])
    assert entry == 5
    assert "rewritten" in text


def test_an_older_checkpoint_tells_what_a_newer_one_was_made_to_forget(
    practices: Practices,
) -> None:
    make_checkpoint()
    cut_off(practices[0], after=3)
    write_entries(practices[0], 4)
    make_checkpoint()
    ((entry, text),) = found(practices[0])
    assert entry == 5
    assert "checkpoint 1 of" in text
    assert "after entry 0" in text


def test_where_it_was_rewritten_is_narrowed_down(practices: Practices) -> None:
    make_checkpoint()
    write_entries(practices[0], 3)
    make_checkpoint()
    rewrite(practices[0], since=7)
    ((entry, text),) = found(practices[0])
    assert entry == 8
    assert "after entry 5" in text


def test_a_database_restored_from_a_backup_is_found(
    committed: None, practices: Practices, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    run_postgres("pg_dump", "--format=custom", f"--file={backup}")
    write_entries(practices[0], 2)
    make_checkpoint()
    run_postgres("pg_restore", "--clean", str(backup))
    assert [entry for entry, _ in found(practices[0])] == [6]
    assert not found(practices[1])


def run_postgres(program: str, *options: str) -> None:
    url = database_url(DATA, "postgres", CLONE)
    command = [str(Binaries.installed().postgres / program), f"--dbname={url}", *options]
    subprocess.run(command, check=True, env={**os.environ, "LC_ALL": "C"})


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_checkpoint_is_found(practices: Practices, number: int) -> None:
    made = [make_checkpoint() for _ in range(3)]
    remove(made[number - 1])
    (problem,) = verify().checkpoint_problems
    assert problem.startswith(f"checkpoint {number} is missing before checkpoint {number + 1} of")


def alter_leaf(content: dict[str, Any]) -> None:
    content["leaves"][0][1] = 4


def drop_leaf(content: dict[str, Any]) -> None:
    content["leaves"].pop()


def alter_time(content: dict[str, Any]) -> None:
    content["statement"] = content["statement"].replace('"at":"2', '"at":"3')


def alter_signature(content: dict[str, Any]) -> None:
    content["signature"] = "00" * 64


def empty(content: dict[str, Any]) -> None:
    content.clear()


@pytest.mark.parametrize(
    ("alter", "says"),
    [
        (alter_leaf, "leaves"),
        (drop_leaf, "leaves"),
        (alter_time, "signature"),
        (alter_signature, "signature"),
        (empty, "cannot be read"),
    ],
)
def test_an_altered_checkpoint_is_found(
    practices: Practices, alter: Callable[[dict[str, Any]], None], says: str
) -> None:
    made = [make_checkpoint() for _ in range(3)]
    content = json.loads(made[1].to_bytes())
    alter(content)
    replace(made[1], json.dumps(content).encode())
    (problem,) = verify().checkpoint_problems
    assert made[1].name in problem
    assert says in problem


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"leaves":1}'])
def test_what_is_no_checkpoint_is_named(practices: Practices, content: bytes) -> None:
    made = make_checkpoint()
    replace(made, content)
    (problem,) = verify().checkpoint_problems
    assert made.name in problem


def test_a_damaged_checkpoint_does_not_stop_the_next(practices: Practices) -> None:
    first = make_checkpoint()
    replace(make_checkpoint(), b"damaged")
    third = make_checkpoint()
    assert (third.number, third.previous) == (2, first.digest)
    (problem,) = verify().checkpoint_problems
    assert "not genuine" in problem


def test_a_checkpoint_signed_by_another_key_is_found(
    practices: Practices, settings: Settings, tmp_path: Path
) -> None:
    make_checkpoint()
    other = tmp_path / "other.pem"
    other.touch(0o600)
    other.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    settings.AUDIT_SIGNING_KEY_FILE = other
    (problem,) = verify().checkpoint_problems
    assert "a key that is not ours" in problem


def test_a_checkpoint_that_names_our_key_and_is_signed_by_another_is_refused() -> None:
    keys = signing_keys()
    other = type(keys)(Ed25519PrivateKey.generate(), keys.trusted)
    made = sign([], at=timezone.now(), after=None, keys=keys)
    forged = Checkpoint(
        made.statement,
        other.sign(made.statement.encode()),
        made.number,
        made.at,
        made.previous,
        made.leaves,
    )
    with pytest.raises(CheckpointRefused, match="signature"):
        read(forged.to_bytes(), keys=keys)


def test_a_branch_of_the_checkpoints_is_found(practices: Practices) -> None:
    """Somebody with the key who makes a second past leaves two that do not join."""
    first = make_checkpoint()
    make_checkpoint()
    leaves = [Leaf.of(practices[0].pk, 1, bytes(32))]
    branch = sign(leaves, at=timezone.now(), after=first, keys=signing_keys())
    archive.store(branch.name, branch.to_bytes())
    (problem,) = verify().checkpoint_problems
    assert problem == f"{branch.title} does not follow the one before it"


def test_a_copied_checkpoint_is_found(practices: Practices) -> None:
    made = make_checkpoint()
    archive.store("9999/again.json", made.to_bytes())
    (problem,) = verify().checkpoint_problems
    assert problem == f"9999/again.json was renamed or copied: it is {made.name}"


def test_entries_that_no_checkpoint_covers_in_time_are_named(
    practices: Practices, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_checkpoint()
    write_entries(practices[0], 2)
    assert verify().good
    monkeypatch.setattr(verification, "COVERED_WITHIN", timedelta(0))
    ((entry, text),) = found(practices[0])
    assert entry == 6
    assert "no checkpoint covers" in text


def test_one_practice_can_be_checked_alone(practices: Practices) -> None:
    make_checkpoint()
    cut_off(practices[0], after=3)
    assert verify(practices[1].pk).good
    assert not verify(practices[0].pk).good
