"""Putting several files into storage at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from django.core.files.storage import storages
from urllib3 import HTTPResponse

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


PREFIX = objects.new_prefix()


def files(count: int) -> dict[str, bytes]:
    return {objects.new_name(PREFIX): bytes([i]) * (i * CHUNK // 2) for i in range(count)}


@contextmanager
def before_each_put(act: Callable[..., Any]) -> Iterator[None]:
    events = storages["objects"].connection.meta.client.meta.events  # type: ignore[attr-defined]
    events.register("before-send.s3.PutObject", act)
    try:
        yield
    finally:
        events.unregister("before-send.s3.PutObject", act)


def test_all_arrive_and_are_counted_in_their_order(key: keys.UnlockedKey) -> None:
    wanted = files(9)
    assert list(objects.put_all(key, PREFIX, wanted)) == [len(data) for data in wanted.values()]
    for name, data in wanted.items():
        assert objects.read_all(key, name) == data


def test_what_is_damaged_on_its_way_is_refused_by_storage(key: keys.UnlockedKey) -> None:
    wanted = files(3)
    damaged = list(wanted)[1]

    def flip_a_bit(request: Any, **_: object) -> None:
        if request.url.endswith(damaged):
            body = request.body.read()
            request.body = bytes([body[0] ^ 1]) + body[1:]

    with before_each_put(flip_a_bit), pytest.raises(objects.StorageDisagrees):
        list(objects.put_all(key, PREFIX, wanted))
    with pytest.raises(FileNotFoundError):
        objects.read_all(key, damaged)


def put_one(key: keys.UnlockedKey, name: str) -> None:
    objects.put(key, name, [b"a face"], length=6)


def put_several(key: keys.UnlockedKey, name: str) -> None:
    list(objects.put_all(key, PREFIX, {name: b"a face"}))


@pytest.mark.parametrize("put", [put_one, put_several])
def test_a_storage_that_says_yes_and_keeps_nothing_is_not_believed(
    key: keys.UnlockedKey, put: Callable[[keys.UnlockedKey, str], None]
) -> None:
    def lie(request: Any, **_: object) -> AWSResponse:
        body = HTTPResponse(BytesIO(), preload_content=False)
        return AWSResponse(request.url, 200, HTTPHeaders(), body)

    with before_each_put(lie), pytest.raises(objects.StorageDisagrees):
        put(key, objects.new_name(PREFIX))
