"""What all checkpoints in storage together tell about the chains."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from audit import archive
from audit.checkpoint import FIRST_PREVIOUS, Checkpoint, CheckpointRefused, read
from audit.signing import SigningKeys


class Seen(NamedTuple):
    """That a checkpoint saw an entry, and with which hash."""

    hash: bytes
    checkpoint: str


@dataclass
class History:
    """The checkpoints, condensed to what verification needs.

    Attributes:
        count: how many are genuine.
        newest: when the newest one was made.
        seen: by practice and sequence number, where the chain ended at some checkpoint.
        covered: by practice, the sequence number the newest checkpoint knows.
        problems: what is wrong with the checkpoints themselves.
    """

    count: int = 0
    newest: datetime | None = None
    seen: dict[int, dict[int, Seen]] = field(default_factory=dict)
    covered: dict[int, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, checkpoint: Checkpoint) -> None:
        self.count += 1
        self.newest = checkpoint.at
        self.covered = {leaf.practice: leaf.sequence for leaf in checkpoint.leaves}
        for leaf in checkpoint.leaves:
            ends = self.seen.setdefault(leaf.practice, {})
            ends.setdefault(leaf.sequence, Seen(bytes.fromhex(leaf.hash), checkpoint.title))
            if ends[leaf.sequence].hash.hex() != leaf.hash:
                self.problems.append(
                    f"practice {leaf.practice}: entry {leaf.sequence} had another hash in"
                    f" {ends[leaf.sequence].checkpoint} than in {checkpoint.title}"
                )


def load_history(keys: SigningKeys) -> History:
    """Read every checkpoint in storage, oldest first, and check that they follow each other."""
    history = History()
    for checkpoint in genuine(keys, history.problems):
        history.add(checkpoint)
    return history


def genuine(keys: SigningKeys, problems: list[str]) -> Iterator[Checkpoint]:
    """The genuine checkpoints, oldest first; what is wrong with the others goes to ``problems``."""
    last: Checkpoint | None = None
    gap_explained = False
    for name, stored in archive.fetch_all(archive.names()):
        try:
            checkpoint = read(stored, keys=keys)
        except CheckpointRefused as refused:
            problems.append(f"{name} in the checkpoints' bucket is not genuine: {refused}")
            gap_explained = True
            continue
        if name != checkpoint.name:
            problems.append(f"{name} was renamed or copied: it is {checkpoint.name}")
            continue
        problem = None if gap_explained else _break_between(last, checkpoint)
        if problem is not None:
            problems.append(problem)
        yield checkpoint
        last, gap_explained = checkpoint, False


def _break_between(last: Checkpoint | None, checkpoint: Checkpoint) -> str | None:
    expected = last.number + 1 if last else 1
    if checkpoint.number > expected:
        until = checkpoint.number - 1
        which = f"{expected} is" if until == expected else f"{expected} to {until} are"
        return f"checkpoint {which} missing before {checkpoint.title}"
    previous = last.digest if last else FIRST_PREVIOUS
    if (checkpoint.number, checkpoint.previous) != (expected, previous):
        return f"{checkpoint.title} does not follow the one before it"
    return None
