"""The client in bad weather: every fault ends in the right error, soon, and tells no secret."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable

import pytest

from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from dermalia.sandbox.isemeco.wire import FORBIDDEN_KEYS, FORBIDDEN_MARKER
from scans.isemeco import AssetEntry, IsemecoClient, Manifest
from scans.isemeco.errors import (
    AssetExpired,
    Busy,
    ClusterError,
    ClusterFault,
    SizeMismatch,
)
from tests.isemeco.conftest import MESH, SECRET, pulled
from tests.waiting import long_before

Connect = Callable[..., IsemecoClient]


@pytest.fixture
def scan(cluster: IsemecoStandIn, recording: Recording) -> str:
    return cluster.add_scan(recording, first_name="Demo", email="demo@example.org")


@pytest.fixture
def manifest(client: IsemecoClient, scan: str) -> Manifest:
    return client.manifest(scan)[0]


@pytest.fixture
def mesh(manifest: Manifest) -> AssetEntry:
    return manifest.assets[0]


def visit(client: IsemecoClient, scan: str) -> None:
    client.manifest(scan)
    client.list_scans()


# Trouble that passes


@pytest.mark.parametrize("kind", ["status", "gateway", "drop", "cut"])
@pytest.mark.parametrize("scope", ["token", "scans"])
def test_trouble_that_passes_is_not_noticed(
    cluster: IsemecoStandIn, client: IsemecoClient, scan: str, kind: str, scope: str
) -> None:
    amount = 5 if kind == "cut" else None
    cluster.faults.arm(kind, on=scope, times=2, amount=amount)
    assert client.list_scans().identifiers == [scan]
    assert cluster.faults.armed == ()


@pytest.mark.parametrize("kind", ["status", "gateway", "drop"])
def test_a_download_that_does_not_begin_is_tried_again(
    cluster: IsemecoStandIn, client: IsemecoClient, mesh: AssetEntry, kind: str
) -> None:
    cluster.faults.arm(kind, on="asset", times=2)
    assert pulled(client, mesh) == MESH


def test_a_short_pause_is_kept(cluster: IsemecoStandIn, client: IsemecoClient, scan: str) -> None:
    cluster.faults.arm("busy", on="scans", amount=1)
    started = time.monotonic()
    assert client.list_scans().identifiers == [scan]
    assert time.monotonic() - started >= 1


# Trouble that stays


@pytest.mark.parametrize(
    ("kind", "amount"), [("status", 500), ("status", 504), ("gateway", None), ("drop", None)]
)
def test_trouble_that_stays_is_the_clusters_fault(
    cluster: IsemecoStandIn, client: IsemecoClient, kind: str, amount: float | None
) -> None:
    cluster.faults.arm(kind, on="scans", times=None, amount=amount)
    with pytest.raises(ClusterFault) as fault:
        client.list_scans()
    assert fault.value.worth_retrying
    assert cluster.count("scans") == 3


def test_a_stopped_cluster_cannot_be_reached(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    client.list_scans()
    cluster.stop()
    with pytest.raises(ClusterFault, match="cannot be reached"):
        client.list_scans()


@pytest.mark.parametrize("scope", ["token", "scans", "manifest", "asset"])
def test_a_long_pause_is_left_to_the_caller(
    cluster: IsemecoStandIn, client: IsemecoClient, scan: str, mesh: AssetEntry, scope: str
) -> None:
    cluster.expire_tokens()
    cluster.faults.arm("busy", on=scope, times=None, amount=3600)
    with long_before(60), pytest.raises(Busy) as busy:
        pulled(client, mesh) if scope == "asset" else visit(client, scan)
    assert busy.value.retry_after == 3600


def test_an_outage_without_a_time_is_tried_again_and_then_busy(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    cluster.faults.arm("status", on="scans", times=None, amount=503)
    with pytest.raises(Busy) as busy:
        client.list_scans()
    assert busy.value.retry_after is None
    assert cluster.count("scans") == 3


def test_an_answer_that_trickles_is_given_up_in_time(
    cluster: IsemecoStandIn, connect: Connect, scan: str
) -> None:
    client = connect(cluster, call_seconds=0.5)
    client.list_scans()
    cluster.faults.arm("slow", on="manifest", times=None, amount=10)
    with long_before(60), pytest.raises(ClusterFault, match="too slowly"):
        client.manifest(scan)


# Files


def test_a_file_that_trickles_is_given_up_in_time(
    cluster: IsemecoStandIn, client: IsemecoClient, mesh: AssetEntry
) -> None:
    cluster.faults.arm("slow", on="asset", amount=1000)
    with long_before(len(MESH) / 1000), pytest.raises(ClusterFault, match="too slowly"):
        pulled(client, mesh)


def test_a_slow_file_within_the_limit_arrives_whole(
    cluster: IsemecoStandIn, client: IsemecoClient, mesh: AssetEntry
) -> None:
    cluster.faults.arm("slow", on="asset", amount=1_000_000)
    assert pulled(client, mesh) == MESH


@pytest.mark.parametrize("after", [0, 1, 1000, len(MESH) - 1])
def test_a_file_cut_off_anywhere_is_noticed(
    cluster: IsemecoStandIn, client: IsemecoClient, mesh: AssetEntry, after: int
) -> None:
    cluster.faults.arm("cut", on="asset", amount=after)
    with pytest.raises(ClusterFault, match="broke off"):
        pulled(client, mesh)
    assert pulled(client, mesh) == MESH


def test_wrong_bytes_reach_the_caller_whose_hash_tells(
    cluster: IsemecoStandIn, client: IsemecoClient, mesh: AssetEntry
) -> None:
    cluster.faults.arm("corrupt")
    received = pulled(client, mesh)
    assert len(received) == mesh.bytes
    assert hashlib.sha256(received).hexdigest() != mesh.sha256


def test_an_expired_address_is_replaced_by_a_new_manifest(
    cluster: IsemecoStandIn, client: IsemecoClient, scan: str, mesh: AssetEntry
) -> None:
    cluster.faults.arm("expired")
    with pytest.raises(AssetExpired) as expired:
        pulled(client, mesh)
    assert expired.value.worth_retrying
    renewed, _ = client.manifest(scan)
    assert pulled(client, renewed.assets[0]) == MESH


def test_an_address_really_expires(recording: Recording, connect: Connect) -> None:
    with IsemecoStandIn(client_id="practice", client_secret=SECRET, url_seconds=0.05) as cluster:
        client = connect(cluster)
        manifest, _ = client.manifest(cluster.add_scan(recording))
        time.sleep(0.1)
        with pytest.raises(AssetExpired):
            pulled(client, manifest.assets[0])


@pytest.mark.parametrize("lie", [-1, 1, 100_000])
def test_a_file_of_another_size_than_announced_is_refused_unread(
    cluster: IsemecoStandIn, client: IsemecoClient, scan: str, lie: int
) -> None:
    cluster.faults.arm("wrong_size", amount=lie)
    manifest, _ = client.manifest(scan)
    assert manifest.assets[0].bytes == len(MESH) + lie
    with pytest.raises(SizeMismatch):
        pulled(client, manifest.assets[0])


# What must not be stored


def test_forbidden_keys_leave_nothing_but_their_number(
    cluster: IsemecoStandIn, client: IsemecoClient, scan: str
) -> None:
    honest, _ = client.manifest(scan)
    cluster.faults.arm("forbidden_keys")
    manifest, dropped = client.manifest(scan)
    assert dropped == FORBIDDEN_KEYS
    assert FORBIDDEN_MARKER not in repr(manifest.model_dump())
    assert manifest.patient == honest.patient
    assert manifest.measurements == honest.measurements


# What errors tell


@pytest.mark.parametrize("kind", ["status", "gateway", "drop", "busy", "cut", "slow"])
@pytest.mark.parametrize("scope", ["token", "scans", "manifest", "asset"])
def test_no_error_tells_a_secret(
    cluster: IsemecoStandIn,
    connect: Connect,
    scan: str,
    mesh: AssetEntry,
    kind: str,
    scope: str,
) -> None:
    client = connect(cluster, call_seconds=0.2, read_seconds=0.2, download_seconds=0.1)
    amount = {"busy": 60, "cut": 3, "slow": 3}.get(kind)
    cluster.faults.arm(kind, on=scope, times=None, amount=amount)
    with pytest.raises(ClusterError) as error:
        pulled(client, mesh) if scope == "asset" else visit(client, scan)
    told = "".join(traceback.format_exception(error.value, chain=True))
    assert error.value.__context__ is None
    for secret in (SECRET, "signature", cluster.url, "demo@example.org", scan):
        assert secret not in told
    assert not client._token or client._token not in told
