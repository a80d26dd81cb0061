"""Merkle tree hashing as RFC 9162, section 2.1: SHA-256, leaves under 0x00, nodes under 0x01."""

from collections.abc import Iterator, Sequence
from hashlib import sha256


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head over leaf hashes, in their order."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = list(_parents(level))
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from one leaf to the root, from the leaf upwards.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    level, path = list(leaves), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = list(_parents(level)), index // 2
    return path


def _parents(level: Sequence[bytes]) -> Iterator[bytes]:
    """Pairs from the left; an odd one at the end rises as it is.

    That gives the same tree as the RFC's split at the largest power of two.
    """
    for left in range(0, len(level) - 1, 2):
        yield sha256(b"\x01" + level[left] + level[left + 1]).digest()
    if len(level) % 2:
        yield level[-1]
