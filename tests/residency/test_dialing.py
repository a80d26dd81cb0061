"""An outgoing connection ends at the address that was checked, in time, or not at all."""

import socket
import ssl
import time
from pathlib import Path

import pytest
import requests
from pytest_django import Settings

from dermalia.residency import dialing, egress
from dermalia.residency.addresses import is_global_unicast
from tests.residency.lines import (
    ANSWER,
    Resolver,
    certificate,
    listening,
    request_head,
    server_context,
)
from tests.waiting import long_before

NAME = "eu.isemeco.com"
PUBLIC = "93.184.215.14"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    fake = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", fake.getaddrinfo)
    return fake


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Addresses that a connection was asked for; none is ever opened."""
    called: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return called


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 bound to by nobody
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "not an address",
        "",
    ],
)
def test_an_address_that_is_not_public_is_out_of_bounds(address: str) -> None:
    assert not is_global_unicast(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "2a00:1450:4001:813::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_may_be_called(address: str) -> None:
    assert is_global_unicast(address)


@pytest.mark.parametrize(
    "answer",
    [
        ["169.254.169.254"],
        [PUBLIC, "127.0.0.1"],
        ["10.0.0.1", PUBLIC],
        ["::1"],
        ["fd00:ec2::254"],
        ["::ffff:10.0.0.1"],
    ],
)
def test_one_address_out_of_bounds_refuses_the_name(
    resolver: Resolver, called: list[object], answer: list[str]
) -> None:
    resolver.answers[NAME] = [answer]
    with pytest.raises(egress.EgressRefused):
        egress.session().get(f"https://{NAME}/v1/device")
    assert called == []


def test_a_name_that_changes_its_mind_is_called_where_it_was_checked(
    resolver: Resolver, called: list[object]
) -> None:
    """Rebinding: public for the check, this machine for the connection, were there a second."""
    resolver.answers[NAME] = [[PUBLIC], ["127.0.0.1"]]
    with pytest.raises(requests.ConnectionError):
        egress.session().get(f"https://{NAME}/v1/device")
    assert called == [(PUBLIC, 443)]
    assert resolver.asked == [NAME]


def test_each_address_gets_its_turn_up_to_a_few(resolver: Resolver, called: list[object]) -> None:
    addresses = ["2a00:1450:4001:813::200e", *(f"93.184.215.{last}" for last in range(9))]
    resolver.answers[NAME] = [addresses]
    with pytest.raises(requests.ConnectionError):
        egress.session().get(f"https://{NAME}/")
    assert [address[0] for address in called] == addresses[: dialing.TRIED_ADDRESSES]  # type: ignore[index]


def test_an_unknown_name_cannot_be_reached(resolver: Resolver) -> None:
    with pytest.raises(requests.ConnectionError):
        egress.session().get(f"https://{NAME}/")
    assert resolver.asked == [NAME]


def test_a_stand_in_must_be_on_this_machine(
    resolver: Resolver, called: list[object], settings: Settings
) -> None:
    settings.SANDBOX_ORIGINS = ["http://stand-in.test:8081"]
    resolver.answers["stand-in.test"] = [[PUBLIC]]
    with pytest.raises(egress.EgressRefused):
        egress.session().get("http://stand-in.test:8081/")
    assert called == []


def test_a_proxy_of_the_environment_is_not_used(
    resolver: Resolver, called: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    resolver.answers[NAME] = [[PUBLIC]]
    with pytest.raises(requests.ConnectionError):
        egress.session().get(f"https://{NAME}/")
    assert called == [(PUBLIC, 443)]


def test_ipv6_works_end_to_end(settings: Settings) -> None:
    def serve(line: socket.socket) -> None:
        request_head(line)
        line.sendall(ANSWER)

    with listening(serve, "::1") as (port, _):
        settings.SANDBOX_ORIGINS = [f"http://[::1]:{port}"]
        with egress.session() as session:
            assert session.get(f"http://[::1]:{port}/").content == b"ok"


# TLS


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for NAME that this process trusts."""
    path = certificate(NAME, tmp_path)
    context = ssl.create_default_context(cafile=path)
    context.minimum_version = egress.tls_context().minimum_version
    monkeypatch.setattr(egress, "tls_context", lambda: context)
    return path


@pytest.fixture
def here(resolver: Resolver, settings: Settings) -> Resolver:
    """NAME on any port is a stand-in on this machine."""

    class EveryPort(list[str]):
        def __contains__(self, origin: object) -> bool:
            return str(origin).startswith(f"https://{NAME}:")

    settings.SANDBOX_ORIGINS = EveryPort()
    resolver.answers[NAME] = [["127.0.0.1"]]
    return resolver


@pytest.mark.usefixtures("here")
def test_name_and_host_header_are_the_service_s_though_an_address_is_dialled(
    trusted: Path,
) -> None:
    names: list[str | None] = []
    heads: list[bytes] = []
    context = server_context(trusted)
    context.sni_callback = lambda _line, name, _context: names.append(name)

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as secure:
            heads.append(request_head(secure))
            secure.sendall(ANSWER)

    with listening(serve) as (port, _), egress.session() as session:
        assert session.get(f"https://{NAME}:{port}/").content == b"ok"
    assert names == [NAME]
    assert f"Host: {NAME}:{port}".encode() in heads[0]


@pytest.mark.usefixtures("here", "trusted")
def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    context = server_context(certificate("other.example", tmp_path))

    def serve(line: socket.socket) -> None:
        context.wrap_socket(line, server_side=True).close()

    with (
        listening(serve) as (port, _),
        egress.session() as session,
        pytest.raises(requests.exceptions.SSLError),
    ):
        session.get(f"https://{NAME}:{port}/", verify=False)


@pytest.mark.usefixtures("here")
def test_nothing_older_than_tls_1_2_is_spoken(trusted: Path) -> None:
    context = server_context(trusted)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    def serve(line: socket.socket) -> None:
        context.wrap_socket(line, server_side=True).close()

    with (
        listening(serve) as (port, _),
        egress.session() as session,
        pytest.raises(requests.exceptions.SSLError),
    ):
        session.get(f"https://{NAME}:{port}/")


# Time


PAUSE = 0.05
ALL_OF_IT = 1000 * PAUSE  # seconds


def trickle(line: socket.socket, content: bytes) -> None:
    for byte in content:
        line.sendall(bytes([byte]))
        time.sleep(PAUSE)


def test_headers_that_trickle_are_cut_off(settings: Settings) -> None:
    def serve(line: socket.socket) -> None:
        request_head(line)
        trickle(line, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000)

    with listening(serve) as (port, _), egress.session() as session:
        settings.SANDBOX_ORIGINS = [f"http://127.0.0.1:{port}"]
        with long_before(ALL_OF_IT), pytest.raises(requests.ConnectionError):
            session.get(f"http://127.0.0.1:{port}/", timeout=(0.3, 0.3))


@pytest.mark.usefixtures("here", "trusted")
def test_a_handshake_that_trickles_is_cut_off() -> None:
    def serve(line: socket.socket) -> None:
        line.recv(65536)
        trickle(line, b"\x16\x03\x03\x0f\xff" + b"\x02" * 1000)

    with (
        listening(serve) as (port, _),
        egress.session() as session,
        long_before(ALL_OF_IT),
        pytest.raises(requests.RequestException),
    ):
        session.get(f"https://{NAME}:{port}/", timeout=(0.3, 0.3))
