"""The client in good weather, and where it refuses to go."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from scans.isemeco import AssetEntry, IsemecoClient
from scans.isemeco.errors import (
    AddressRefused,
    CredentialsRefused,
    RedirectRefused,
    ScanGone,
    TokenRefused,
)

Connect = Callable[..., IsemecoClient]


def test_scans_are_listed_in_order_page_by_page(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    appeared = [cluster.add_scan(recording) for _ in range(5)]
    first = client.list_scans(limit=3)
    second = client.list_scans(first.next_cursor, limit=3)
    assert first.identifiers + second.identifiers == appeared
    assert (first.more, second.more) == (True, False)


def test_a_cursor_goes_on_finding_newer_scans(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    empty = client.list_scans()
    assert (empty.identifiers, empty.more) == ([], False)
    first = cluster.add_scan(recording)
    page = client.list_scans(empty.next_cursor)
    assert page.identifiers == [first]
    assert client.list_scans(page.next_cursor).identifiers == []
    second = cluster.add_scan(recording)
    assert client.list_scans(page.next_cursor).identifiers == [second]


def test_a_cursor_outlives_the_cluster_it_came_from(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording, connect: Connect
) -> None:
    for _ in range(3):
        cluster.add_scan(recording)
    cursor = client.list_scans().next_cursor
    with IsemecoStandIn(client_id="practice", client_secret="s3cret") as restarted:
        newer = restarted.add_scan(recording)
        assert connect(restarted, "s3cret").list_scans(cursor).identifiers == [newer]


def test_a_scan_is_pulled_whole_and_each_file_once(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording, first_name="Demo", email="demo@example.org")
    manifest, dropped = client.manifest(scan)
    assert dropped == 0
    pulled = {}
    for asset in manifest.assets:
        with client.download(asset) as chunks:
            pulled[asset.name] = b"".join(chunks)
        assert hashlib.sha256(pulled[asset.name]).hexdigest() == asset.sha256
    assert pulled == {file.name: file.data for file in recording.files}
    assert set(cluster.downloads(scan).values()) == {1}
    assert manifest.measurements[1].value == Decimal(repr(0.1 + 0.2))


def test_the_device_names_itself(client: IsemecoClient) -> None:
    assert client.device().serial == "SANDBOX-0001"


def test_one_connection_and_one_token_serve_a_whole_pull(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    for asset in client.manifest(scan)[0].assets:
        with client.download(asset) as chunks:
            assert sum(map(len, chunks)) == asset.bytes
    assert cluster.count("token") == 1
    assert cluster.connections == 1


def test_a_token_is_renewed_before_it_expires(connect: Connect) -> None:
    with IsemecoStandIn(client_id="practice", client_secret="s3cret", token_seconds=1) as cluster:
        client = connect(cluster, "s3cret")
        client.list_scans()
        time.sleep(0.8)  # three quarters of its life
        client.list_scans()
        assert cluster.count("token") == 2
        assert cluster.count("scans", status=401) == 0


def test_a_token_that_lost_its_worth_is_renewed_once(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    client.list_scans()
    cluster.expire_tokens()
    client.list_scans()
    assert cluster.count("token") == 2


def test_a_cluster_that_refuses_every_token_is_given_up(
    cluster: IsemecoStandIn, client: IsemecoClient
) -> None:
    cluster.faults.arm("unauthorised", on="scans", times=None)
    with pytest.raises(TokenRefused) as refused:
        client.list_scans()
    assert refused.value.worth_retrying
    assert cluster.count("scans") == 3


def test_a_wrong_secret_is_refused_without_retrying(
    cluster: IsemecoStandIn, connect: Connect
) -> None:
    with pytest.raises(CredentialsRefused):
        connect(cluster, "wrong").list_scans()
    assert cluster.count("token") == 1


def test_a_scan_that_is_gone_says_so(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    manifest, _ = client.manifest(scan)
    cluster.remove_scan(scan)
    with pytest.raises(ScanGone):
        client.manifest(scan)
    with pytest.raises(ScanGone), client.download(manifest.assets[0]):
        pass


@pytest.mark.parametrize("identifier", ["", "../device", "a/b", "a?b", "a\n", "x" * 65])
def test_an_identifier_that_would_change_the_address_is_not_sent(
    cluster: IsemecoStandIn, client: IsemecoClient, identifier: str
) -> None:
    with pytest.raises(ValueError, match="identifier"):
        client.manifest(identifier)
    assert cluster.log == ()


@pytest.fixture
def entry(asset: Callable[..., dict[str, Any]]) -> AssetEntry:
    return AssetEntry.model_validate(asset())


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1:{port}/v1/assets/s/0",
        "http://127.0.0.1/v1/assets/s/0",
        "http://127.0.0.1:1/v1/assets/s/0",
        "http://localhost:{port}/v1/assets/s/0",
        "http://127.0.0.1:{port}@evil.example/",
        "http://evil.example\\@127.0.0.1:{port}/",
        "http://user@127.0.0.1:{port}/v1/assets/s/0",
        "http://127.0.0.1:{port}.evil.example/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "//127.0.0.1:{port}/v1/assets/s/0",
        "/v1/assets/s/0",
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/",
        "http://127.0.0.1:{port} /",
        "http://127.0.0.1:{port}\r\nHost: evil.example/",
        "http://127.0.0.1:99999/",
        "http://169.254.169.254/latest/meta-data",
        "HTTP://２127.0.0.1:{port}/",
    ],
)
def test_an_address_off_the_clusters_origin_is_not_called(
    cluster: IsemecoStandIn, client: IsemecoClient, entry: AssetEntry, address: str
) -> None:
    stray = entry.model_copy(update={"url": address.format(port=cluster.port)})
    with pytest.raises(AddressRefused), client.download(stray):
        pass
    assert cluster.log == ()


def test_an_address_is_compared_as_browsers_do(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    manifest, _ = client.manifest(cluster.add_scan(recording))
    written = manifest.assets[0].url.replace("http://", "HTTP://")
    with client.download(manifest.assets[0].model_copy(update={"url": written})) as chunks:
        assert sum(map(len, chunks)) == manifest.assets[0].bytes


def test_no_call_follows_a_redirect(
    cluster: IsemecoStandIn, client: IsemecoClient, recording: Recording
) -> None:
    scan = cluster.add_scan(recording)
    asset = client.manifest(scan)[0].assets[0]
    for scope in ("asset", "scans", "manifest"):
        cluster.faults.arm("redirect", on=scope, times=None)
    with pytest.raises(RedirectRefused), client.download(asset):
        pass
    with pytest.raises(RedirectRefused):
        client.list_scans()
    with pytest.raises(RedirectRefused):
        client.manifest(scan)
    assert [entry.status for entry in cluster.log].count(302) == 3


@pytest.mark.parametrize(
    "base",
    [
        "http://isemeco.example",
        "http://10.0.0.1",
        "ftp://isemeco.example",
        "isemeco.example",
        "https://",
        "https://user:pw@isemeco.example",
        "https://isemeco.example?x=1",
        "https://isemeco.example:99999",
        "",
    ],
)
def test_only_https_leaves_this_machine(base: str, session: requests.Session) -> None:
    with pytest.raises(ValueError, match="base URL"):
        IsemecoClient(base, "practice", "s3cret", session)


@pytest.mark.parametrize(
    "base", ["https://isemeco.example", "https://isemeco.example:8443/eu/", "http://[::1]:8081"]
)
def test_https_and_stand_ins_on_this_machine_are_fine(base: str, session: requests.Session) -> None:
    IsemecoClient(base, "practice", "s3cret", session)


def test_a_session_that_refuses_the_host_is_not_asked_again(
    cluster: IsemecoStandIn, client: IsemecoClient, session: requests.Session
) -> None:
    class Refused(requests.RequestException):
        pass

    class Guard(requests.adapters.HTTPAdapter):
        asked = 0

        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            self.asked += 1
            raise Refused("not in the register")

    guard = Guard()
    session.mount("http://", guard)
    with pytest.raises(AddressRefused):
        client.list_scans()
    assert guard.asked == 1
    assert cluster.log == ()
