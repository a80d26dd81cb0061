"""Redirects, look-ups and paths that would lead a call away from where it was allowed to go."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
from pytest_django import Settings

from dermalia.residency import dialing, egress
from dermalia.residency.addresses import is_global_unicast
from dermalia.sandbox.http import Response
from scans.isemeco import AssetEntry, IsemecoClient
from scans.isemeco.errors import AddressRefused, ClusterError, RedirectRefused
from tests.hostile.answers import honest
from tests.hostile.outcome import MARKER, assert_speaks_plainly, bounded, rows
from tests.isemeco.conftest import QUICK
from tests.isemeco.test_isemeco_strays import Scripted

HOST, SECRET = "eu.isemeco.com", "for these tests"
METADATA = "169.254.169.254"


@pytest.fixture
def nowhere() -> Iterator[Scripted]:
    """A server that nobody must call."""
    with Scripted({}) as server:
        yield server
        assert server.credentials == {}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
@pytest.mark.parametrize("place", ["/v1/scans", "/file", "/oauth/token"])
def test_no_redirect_is_followed(
    status: int, place: str, nowhere: Scripted, settings: Settings
) -> None:
    headers = {"Location": f"{nowhere.url}/file?{MARKER}"}
    with Scripted({place: Response(status, headers=headers)}) as cluster:
        settings.SANDBOX_ORIGINS = [cluster.url, nowhere.url]
        with egress.session() as session:
            client = IsemecoClient(cluster.url, "practice", SECRET, session, QUICK)
            with pytest.raises(RedirectRefused) as refusal:
                follow(client, place, cluster.url)
    assert_speaks_plainly(refusal.value, secrets=[MARKER, SECRET, nowhere.url])


def follow(client: IsemecoClient, place: str, origin: str) -> None:
    if place != "/file":
        client.list_scans()
        return
    entry = AssetEntry.model_validate(honest()["assets"][0] | {"url": f"{origin}/file"})
    with client.download(entry):
        pass


WAYS_ON = {
    "to the cloud's own address": {"Location": f"http://{METADATA}/"},
    "in a header for browsers": {"Refresh": f"0; url=http://{METADATA}/"},
    "to a file": {"Location": "file:///etc/passwd"},
    "to itself": {"Location": "/v1/scans"},
    "without saying where": {},
    "in broken letters": {"Location": "https://\xff\xfe/"},
    "by a very long way": {"Location": "https://example.org/" + "x" * 50_000},
}


@rows(WAYS_ON)
def test_a_redirect_is_refused_wherever_it_leads(name: str) -> None:
    with (
        Scripted({"/v1/scans": Response(302, headers=WAYS_ON[name])}) as cluster,
        requests.Session() as session,
    ):
        client = IsemecoClient(cluster.url, "practice", SECRET, session, QUICK)
        with bounded(), pytest.raises(RedirectRefused):
            client.list_scans()
        assert cluster.credentials == {"/v1/scans": "Bearer t"}


# Look-ups

ANSWERS = {
    "this machine": ["127.0.0.1"],
    "all machines here": ["0.0.0.0"],  # noqa: S104 nobody binds to it
    "the cloud's own address": [METADATA],
    "the office's net": ["192.168.178.1"],
    "the provider's net": ["100.64.0.1"],
    "everybody in the net": ["224.0.0.251"],
    "this machine in IPv6": ["::1"],
    "a neighbour": ["fe80::1"],
    "a site of old": ["fec0::1"],
    "IPv4 as it was first put into IPv6": ["::127.0.0.1"],
    "IPv4 in IPv6": ["::ffff:10.0.0.1"],
    "IPv4 behind a translator": ["64:ff9b::7f00:1"],
    "IPv4 behind a translator at home": ["64:ff9b:1::a9fe:a9fe"],
    "IPv4 in the translated form": ["::ffff:0:a9fe:a9fe"],
    "IPv4 in a tunnel": ["2002:a9fe:a9fe::1"],
    "documentation": ["2001:db8::1"],
    "the dustbin": ["100::1"],
    "the world and this machine": ["93.184.215.14", "127.0.0.1"],
    "a thousand addresses, one of them here": ["93.184.215.14"] * 999 + ["10.0.0.1"],
    "nobody": [],
}


@rows(ANSWERS)
def test_a_name_that_leads_to_such_an_address_is_not_called(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[object] = []
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *_, **__: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ANSWERS[name]
        ],
    )
    monkeypatch.setattr(dialing, "dial", lambda *_, **__: dialled.append(1))
    with egress.session() as session:
        client = IsemecoClient(f"https://{HOST}", "practice", SECRET, session, QUICK)
        with bounded(), pytest.raises(ClusterError) as refusal:
            client.list_scans()
    assert type(refusal.value) is AddressRefused
    assert dialled == []
    assert_speaks_plainly(refusal.value, secrets=[SECRET, HOST, *ANSWERS[name]])
    assert not all(map(is_global_unicast, ANSWERS[name])) or not ANSWERS[name]


PATHS = {
    "a header in its path": "/v1/a%0d%0aX-Evil:%201",
    "a way up": "/../../oauth/token",
    "a second host in its path": "//example.org/x",
    "a third slash": "///example.org/x",
    "a fragment": "/file#@example.org",
    "a user in its query": "/file?@example.org",
    "percent signs that are none": "/file?%zz%",
}


@rows(PATHS)
def test_a_path_of_any_kind_stays_on_the_cluster(name: str, nowhere: Scripted) -> None:
    with Scripted({}) as cluster, requests.Session() as session:
        client = IsemecoClient(cluster.url, "practice", SECRET, session, QUICK)
        entry = AssetEntry.model_validate(
            honest()["assets"][0] | {"url": cluster.url + PATHS[name]}
        )
        with bounded(), pytest.raises((ClusterError, KeyError)), client.download(entry):
            pass
    assert nowhere.credentials == {}
