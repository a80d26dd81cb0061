"""The tree hashes as RFC 9162 says, and only a true proof of inclusion leads to its root."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle
from audit.offline.verify_audit import root_of

CONTENTS = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def by_the_definition(contents: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, as it is written: split at the largest power of two."""
    if len(contents) == 1:
        return sha256(b"\x00" + contents[0]).digest()
    half = 1 << ((len(contents) - 1).bit_length() - 1)
    left, right = by_the_definition(contents[:half]), by_the_definition(contents[half:])
    return sha256(b"\x01" + left + right).digest()


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert merkle.root([]) == sha256(b"").digest()


@given(CONTENTS)
def test_the_root_is_that_of_the_definition(contents: list[bytes]) -> None:
    assert merkle.root([merkle.leaf_hash(c) for c in contents]) == by_the_definition(contents)


@given(CONTENTS, st.data())
def test_a_proof_of_inclusion_leads_to_the_root(contents: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(contents) - 1))
    leaves = [merkle.leaf_hash(c) for c in contents]
    path = merkle.inclusion_path(leaves, index)
    assert root_of(contents[index], index, len(contents), path) == merkle.root(leaves)


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=40, unique=True), st.data())
def test_another_content_place_or_path_does_not(contents: list[bytes], data: st.DataObject) -> None:
    index, other = data.draw(
        st.tuples(*[st.integers(0, len(contents) - 1)] * 2).filter(lambda pair: pair[0] != pair[1])
    )
    leaves = [merkle.leaf_hash(c) for c in contents]
    size, root, path = len(contents), merkle.root(leaves), merkle.inclusion_path(leaves, index)
    assert root_of(contents[other], index, size, path) != root
    assert root_of(contents[index], other, size, path) != root
    assert root_of(contents[index], index, size, path[:-1]) != root
    assert root_of(contents[index], index, size, [*path, bytes(32)]) != root
    assert root_of(contents[index], size, size, path) is None


def test_a_leaf_that_is_not_there_has_no_path() -> None:
    for index in (-1, 1):
        with pytest.raises(IndexError):
            merkle.inclusion_path([bytes(32)], index)
