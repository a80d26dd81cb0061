"""Answers that a careless or hostile cluster gives: bounded in size and time, read by its clock."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dermalia.sandbox.http import Response, json_response
from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from scans.isemeco import AssetEntry, IsemecoClient
from scans.isemeco.errors import Busy, ClusterFault, ContractBroken, SizeMismatch
from tests.isemeco.conftest import MESH, pulled
from tests.isemeco.test_isemeco_strays import Scripted
from tests.residency.lines import listening, request_head
from tests.waiting import long_before

Connect = Callable[..., IsemecoClient]
Entry = Callable[..., dict[str, object]]


def rest_asked(connect: Connect, **headers: str) -> float | None:
    """The pause the client tells its caller of."""
    busy = Response(429, headers={name.replace("_", "-"): text for name, text in headers.items()})
    with Scripted({"/v1/scans": busy}) as cluster, pytest.raises(Busy) as error:
        connect(cluster, attempts=1).list_scans()
    return error.value.retry_after


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("60", 60),
        (" 60 ", 60),
        ("0", 0),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("-1", None),
        ("1e9", None),
        ("1.5", None),
        ("\u00b2", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_rest_in_seconds_is_kept_but_not_for_ever(
    connect: Connect, asked: str, expected: float | None
) -> None:
    assert rest_asked(connect, Retry_After=asked) == expected


def test_a_rest_until_a_date_is_read(connect: Connect) -> None:
    asked = rest_asked(connect, Retry_After=http_date(120))
    assert asked == pytest.approx(120, abs=5)
    assert rest_asked(connect, Retry_After=http_date(-120)) == 0
    assert rest_asked(connect, Retry_After=http_date(1e6)) == 3600


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_a_date_is_read_by_the_cluster_s_own_clock(connect: Connect, skew: float) -> None:
    head = (
        f"HTTP/1.1 429 Busy\r\nDate: {http_date(skew)}\r\n"
        f"Retry-After: {http_date(skew + 120)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )

    def serve(line: socket.socket) -> None:
        request_head(line)
        line.sendall(head.encode())

    with Scripted({}) as cluster, listening(serve) as (port, _):
        client = connect(cluster, attempts=1)
        client._base = f"http://127.0.0.1:{port}"
        with pytest.raises(Busy) as busy:
            client.list_scans()
    assert busy.value.retry_after == pytest.approx(120, abs=2)


def test_a_storm_of_refusals_is_not_answered_with_one(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    cluster.faults.arm("busy", on="scans", times=None, amount=0)
    for _ in range(3):
        with pytest.raises(Busy):
            client.list_scans()
    assert cluster.count("scans") == 9


# Bodies


@pytest.mark.parametrize("path", ["/v1/scans", "/oauth/token", "/v1/scans/scan-1"])
def test_a_bomb_in_place_of_json_stays_packed(connect: Connect, path: str) -> None:
    bomb = gzip.compress(b'{"scans": "' + b"a" * 50_000_000 + b'"}')
    headers = {"Content-Encoding": "gzip"}
    with Scripted({path: Response(200, bomb, headers=headers)}) as cluster:
        client = connect(cluster)
        tracemalloc.start()
        with pytest.raises(ContractBroken):
            client.manifest("scan-1") if path.endswith("scan-1") else client.list_scans()
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        tracemalloc.stop()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"scans":' * 100_000,
        b'{"a":' + b"9" * 900_000 + b"}",
        json.dumps({"scans": [{"scan_id": "a"}] * 50_000}).encode(),
        json.dumps({f"k{n}": 1 for n in range(60_000)}).encode(),
        b'{"scans": [], "scans": []}',
        b'{"scans": [], "next_cursor": NaN}',
        b"\xff\xfe{}",
        b"",
    ],
)
def test_json_that_is_huge_deep_or_none_is_refused(connect: Connect, body: bytes) -> None:
    with Scripted({"/v1/scans": Response(200, body)}) as cluster, pytest.raises(ContractBroken):
        connect(cluster).list_scans()


def test_an_endless_answer_is_given_up(connect: Connect) -> None:
    endless = Response(200, b" " * (64 << 20), announced=False)
    with Scripted({"/v1/scans": endless}) as cluster, pytest.raises(ContractBroken, match="long"):
        connect(cluster).list_scans()


def chunked(body: bytes, *, ends: bool) -> Callable[[socket.socket], None]:
    def serve(line: socket.socket) -> None:
        request_head(line)
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 1000):
            piece = body[start : start + 1000]
            line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if ends:
            line.sendall(b"0\r\n\r\n")

    return serve


@pytest.mark.parametrize("lie", [0, -1, 1])
def test_a_file_in_chunks_without_a_length_is_measured(
    connect: Connect, asset: Entry, lie: int
) -> None:
    body = bytes(range(256)) * 40
    with Scripted({}) as cluster, listening(chunked(body, ends=True)) as (port, _):
        client = connect(cluster)
        client._base = f"http://127.0.0.1:{port}"
        url = f"{client._base}/file"
        entry = AssetEntry.model_validate(asset(url=url, bytes=len(body) + lie))
        if lie:
            with pytest.raises(SizeMismatch):
                pulled(client, entry)
        else:
            assert pulled(client, entry) == body


def test_chunks_that_break_off_are_noticed(connect: Connect, asset: Entry) -> None:
    body = bytes(5000)
    with Scripted({}) as cluster, listening(chunked(body, ends=False)) as (port, _):
        client = connect(cluster)
        client._base = f"http://127.0.0.1:{port}"
        entry = AssetEntry.model_validate(asset(url=f"{client._base}/file", bytes=6000))
        with pytest.raises((ClusterFault, SizeMismatch)):
            pulled(client, entry)


# Time


def test_a_file_may_take_what_its_length_takes_and_no_longer(
    cluster: IsemecoStandIn, connect: Connect, recording: Recording
) -> None:
    """At a fraction of the slowest rate: given up long before all of it would have come."""
    client = connect(cluster, file_seconds=0.2, slowest_rate=10_000_000, download_seconds=60)
    asset = client.manifest(cluster.add_scan(recording))[0].assets[0]
    cluster.faults.arm("slow", on="asset", amount=5_000)
    with long_before(len(MESH) / 5_000), pytest.raises(ClusterFault, match="slowly"):
        pulled(client, asset)


# Tokens and addresses


def test_two_workers_whose_tokens_end_each_other_s_both_get_on(
    cluster: IsemecoStandIn, connect: Connect, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    first, second = connect(cluster), connect(cluster)
    for _ in range(3):
        for client in (first, second):
            cluster.expire_tokens()
            assert client.list_scans().identifiers == [scan]


def test_a_token_may_end_twice_within_one_call(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    cluster.faults.arm("unauthorised", on="scans", times=2)
    assert client.list_scans().identifiers == [scan]


def test_addresses_and_token_that_end_in_the_middle_are_renewed(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    manifest, _ = client.manifest(scan)
    received = {}
    for place, asset in enumerate(manifest.assets):
        if place == 1:
            cluster.expire_tokens()
            cluster.faults.arm("expired", on="asset")
        with client.open_asset(scan, asset) as pieces:
            received[asset.name] = b"".join(pieces)
    assert received == {file.name: file.data for file in recording.files}
    assert cluster.count("manifest", status=200) == 2
    assert set(cluster.downloads(scan).values()) == {1}


def test_a_scan_that_changed_meanwhile_is_not_mixed(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    old = client.manifest(scan)[0].assets[0]
    cluster.remove_scan(scan)
    cluster.add_scan(Recording(recording.files[1:] + recording.files[:1], ()), scan_id=scan)
    cluster.faults.arm("expired", on="asset")
    with client.open_asset(scan, old) as pieces:
        assert b"".join(pieces) == MESH
    changed = old.model_copy(update={"sha256": "0" * 64})
    with (
        pytest.raises(ClusterFault, match="has changed") as fault,
        client.open_asset(scan, changed),
    ):
        pass
    assert fault.value.worth_retrying


def test_plain_json_still_passes(connect: Connect) -> None:
    page = json_response({"scans": [], "next_cursor": "c", "has_more": False})
    with Scripted({"/v1/scans": page}) as cluster:
        assert connect(cluster).list_scans().next_cursor == "c"
