"""What we must never have leaves no trace: planted everywhere, then looked for everywhere."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import redis
from django.conf import settings as configured
from pytest_django import Settings

from audit.models import Entry
from audit.words import Action, Count
from dermalia.sandbox.http import Request, Response, Route
from dermalia.sandbox.isemeco import IsemecoStandIn, export_capture
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.domain.sources import watch
from scans.models import Connection, Scan
from tests.conftest import connect_to, discover, superuser_connection
from tests.scans.exports import RECORDING, manifest_of
from tests.test_nothing_in_clear import dump, leaks

FORBIDDEN = {
    "birth_date": "1970-01-01",
    "address": {"street": "Marker street", "city": "Marker city"},
    "insurance": {"number": "A123456789", "company": "Marker company"},
    "diagnosis": [{"code": "L70.0", "text": "Marker acne"}],
    "prior_treatments": ["Marker laser"],
    "medical_history": "Marker history",
    "billing": {"iban": "DE00 0000", "amount": 99},
    "comment": "Marker comment",
}
MARKER = "MARKER-5c1e-FORBIDDEN"


def planted(content: Any) -> Any:
    """The manifest with every forbidden key in every object of it, marked all through."""
    if isinstance(content, list):
        return [planted(item) for item in content]
    if not isinstance(content, dict):
        return content
    return {key: planted(value) for key, value in content.items()} | _marked(FORBIDDEN)


def _marked(content: Any) -> Any:
    if isinstance(content, dict):
        return {f"{key}": _marked(value) for key, value in content.items()} | {
            f"key_{MARKER}": MARKER
        }
    if isinstance(content, list):
        return [_marked(item) for item in content]
    return f"{content} {MARKER}"


def keys_of(content: Any) -> int:
    if isinstance(content, list):
        return sum(map(keys_of, content))
    if not isinstance(content, dict):
        return 0
    return len(content) + sum(map(keys_of, content.values()))


class Nosy(IsemecoStandIn):
    """A cluster that tells far more than it is asked for, in every answer."""

    plants = 0

    def routes(self) -> list[Route]:
        return [
            route
            if route.scope in (None, "asset")
            else Route(route.method, route.template, self._telling(route.handler), route.scope)
            for route in super().routes()
        ]

    def _telling(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def told(request: Request) -> Response:
            answer = handler(request)
            content = json.loads(answer.body)
            more = planted(content)
            if "assets" in content:
                self.plants = keys_of(more) - keys_of(content)
            return Response(answer.status, json.dumps(more).encode(), headers=answer.headers)

        return told


@pytest.fixture
def practice(committed: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def nosy(settings: Settings) -> Iterator[Nosy]:
    with Nosy(client_id="dermalia", client_secret="for this test") as cluster:
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, cluster.url]
        yield cluster


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def broker() -> redis.Redis:
    """Redis as the workers' nudges lie in it."""
    parts = urlsplit(configured.CELERY_BROKER_URL)
    return redis.Redis(
        unix_socket_path=unquote(parts.path), password=parts.password and unquote(parts.password)
    )


def values_of(server: redis.Redis, name: bytes) -> object:
    # Not DUMP, which may compress.
    match server.type(name):
        case b"list":
            return server.lrange(name, 0, -1)
        case b"set":
            return server.smembers(name)
        case b"hash":
            return server.hgetall(name)
        case b"zset":
            return server.zrange(name, 0, -1)
        case _:
            return server.get(name)


def traces(scan: Scan, said: pytest.LogCaptureFixture) -> dict[str, list[str]]:
    """Where the marker, in any form, was found."""
    secret = {"marker": MARKER}
    bucket = objects._storage().bucket
    held = b"".join(entry.get()["Body"].read() for entry in bucket.objects.all())
    with broker() as server:
        kept = b"".join(
            name + repr(values_of(server, name)).encode() for name in server.scan_iter()
        )
    places = {
        "database": dump(),
        "storage": held,
        "redis": kept,
        "logs": said.text.encode(),
        "row": scan.last_error.encode(),
    }
    return {place: leaks(content, secret) for place, content in places.items()}


CLEAN: dict[str, list[str]] = {
    "database": [],
    "storage": [],
    "redis": [],
    "logs": [],
    "row": [],
}


def pulled(connection: Connection) -> Scan:
    (scan,) = discover(connection)
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def dropped(practice: Practice) -> int:
    with practice_scope(practice.pk):
        counts: dict[str, int] = Entry.objects.get(action=Action.SCAN_PULLED).counts
    return counts[Count.DROPPED]


def test_forbidden_data_of_the_cluster_leave_their_number_and_no_trace(
    practice: Practice, nosy: Nosy, said: pytest.LogCaptureFixture
) -> None:
    nosy.add_scan(RECORDING, first_name="Demo", email="demo@example.org")
    scan = pulled(connect_to(nosy, practice))
    assert scan.state == Scan.State.STORED
    assert traces(scan, said) == CLEAN
    assert dropped(practice) == nosy.plants > 100


def test_forbidden_data_in_a_broken_manifest_leave_no_trace_either(
    practice: Practice, nosy: Nosy, said: pytest.LogCaptureFixture
) -> None:
    nosy.add_scan(RECORDING, first_name=f"{MARKER} " * 20, email=f"{MARKER}@no-domain")
    scan = pulled(connect_to(nosy, practice))
    assert "breaks the contract" in scan.last_error
    assert scan.quarantined_at is not None
    assert traces(scan, said) == CLEAN


@pytest.mark.parametrize("broken", [False, True])
def test_forbidden_data_in_a_watched_folder_leave_no_trace(
    practice: Practice, exports: Path, said: pytest.LogCaptureFixture, broken: bool
) -> None:
    with practice_scope(practice.pk):
        connection = watch(practice=practice, folder=exports.name, exports=Connection.Exports.KEEP)
    path = export_capture(RECORDING, exports, scan_id="scan-1", first_name="Demo")
    honest = manifest_of(path)
    content = planted(honest)
    (path / "manifest.json").write_text(json.dumps(content))
    (path / f"{MARKER}.txt").write_text(MARKER)
    scan = pulled(connection)
    if broken:
        (path / "manifest.json").write_text(json.dumps(content | {"captured_at": MARKER}))
        discover_scans(practice_id=practice.pk, connection_id=connection.pk)
        assert MARKER not in (exports / "failed" / "scan-1.txt").read_text()
    assert traces(scan, said) == CLEAN
    assert dropped(practice) == keys_of(content) - keys_of(honest)


def test_the_search_would_find_a_trace_anywhere(
    practice: Practice, nosy: Nosy, said: pytest.LogCaptureFixture
) -> None:
    nosy.add_scan(RECORDING)
    scan = pulled(connect_to(nosy, practice))
    with superuser_connection() as server:
        server.execute("UPDATE scans_scan SET device_model = %s", [MARKER])
    stored = objects._storage().bucket.Object(f"{scan.prefix}/clear")
    stored.put(Body=MARKER.encode())
    scan.last_error = MARKER
    logging.getLogger("scans").warning(MARKER)
    with broker() as server:
        server.set("marker", MARKER)
        try:
            assert traces(scan, said) == {place: ["marker"] for place in CLEAN}
        finally:
            server.delete("marker")
            stored.delete()
