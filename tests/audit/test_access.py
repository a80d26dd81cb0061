"""An access that no entry tells of cannot come into being."""

import copy
import dataclasses
import pickle
from collections.abc import Callable

import pytest

from audit.access import Access, record_access
from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action

pytestmark = pytest.mark.usefixtures("scope")


def test_an_access_is_backed_by_its_entry() -> None:
    access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
    entry = Entry.objects.get()
    assert (access.entry_id, access.practice_id) == (entry.pk, entry.practice_id)
    access.require_recorded_for(entry.practice_id)


def test_it_is_good_in_its_own_practice_only() -> None:
    access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
    with pytest.raises(PermissionError):
        access.require_recorded_for(access.practice_id + 1)


@pytest.mark.parametrize(
    "forge",
    [
        lambda access: Access(entry_id=access.entry_id, practice_id=access.practice_id),
        lambda access: Access(access.entry_id, access.practice_id, object()),
        lambda access: dataclasses.replace(access, practice_id=access.practice_id + 1),
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
    ],
)
def test_nobody_else_makes_one(forge: Callable[[Access], object]) -> None:
    access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
    with pytest.raises(PermissionError):
        forge(access)
