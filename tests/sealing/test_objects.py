"""Putting several files into storage at once."""

from typing import Any

import pytest
from django.core.files.storage import storages

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing import keys, objects
from dermalia.sealing.chunks import CHUNK

pytestmark = pytest.mark.usefixtures("scope")


@pytest.fixture
def key(scope: None) -> keys.UnlockedKey:
    access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
    return keys.unlock(keys.create_report_key(), access=access)


def files(count: int) -> dict[str, bytes]:
    prefix = objects.new_prefix()
    return {objects.new_name(prefix): bytes([i]) * (i * CHUNK // 2) for i in range(count)}


def test_all_arrive_and_are_counted_in_their_order(key: keys.UnlockedKey) -> None:
    wanted = files(9)
    assert list(objects.put_all(key, wanted)) == [len(data) for data in wanted.values()]
    for name, data in wanted.items():
        assert objects.read_all(key, name) == data


def test_what_is_damaged_on_its_way_is_refused_by_storage(key: keys.UnlockedKey) -> None:
    wanted = files(3)
    damaged = list(wanted)[1]

    def flip_a_bit(request: Any, **_: object) -> None:
        if request.url.endswith(damaged):
            body = request.body.read()
            request.body = bytes([body[0] ^ 1]) + body[1:]

    events = storages["objects"].connection.meta.client.meta.events  # type: ignore[attr-defined]
    events.register("before-send.s3.PutObject", flip_a_bit)
    try:
        with pytest.raises(objects.StorageDisagrees):
            list(objects.put_all(key, wanted))
    finally:
        events.unregister("before-send.s3.PutObject", flip_a_bit)
    with pytest.raises(FileNotFoundError):
        objects.read_all(key, damaged)
