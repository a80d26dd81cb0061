"""Addresses built to lead elsewhere: none is called, and no text of theirs is repeated."""

from __future__ import annotations

import logging
import socket

import pytest
import requests

from audit.chain import OPERATOR
from dermalia.residency import egress
from dermalia.residency.register import admits
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.domain.connection_check import Step, check_connection
from scans.isemeco import AssetEntry, IsemecoClient
from scans.isemeco.errors import AddressRefused
from scans.models import Connection
from tests.hostile.answers import honest
from tests.hostile.outcome import MARKER, assert_speaks_plainly, assert_unsaid, bounded, rows
from tests.isemeco.conftest import QUICK

HOST, SECRET = "eu.isemeco.com", "for these tests"
METADATA = "169.254.169.254"

ELSEWHERE: dict[str, str] = {
    "another host": f"https://{MARKER}.example/",
    "our host as a part of another": f"https://{HOST}.example.org/",
    "our host behind another": f"https://example-{HOST}/",
    "a host below ours": f"https://x.{HOST}/",
    "the host above ours": "https://isemeco.com/",
    "our host in Cyrillic": "https://eu.іsemeco.com/",
    "our host in Greek": "https://eu.isemecο.com/",
    "our host in wide letters": "https://ｅｕ.isemeco.com/",
    "our host with wide dots": "https://eu。isemeco。com/",
    "our host with a letter in a circle": "https://ⓔu.isemeco.com/",
    "a register's host with a sign for Kelvin": "https://\u212ams.eu-central-1.amazonaws.com/",
    "our host with nothing to see": "https://eu.ise\u200bmeco.com/",
    "our host in Punycode of another": "https://eu.xn--semeco-n4a.com/",
    "our host as a user": f"https://{HOST}@example.org/",
    "a user at our host": f"https://{MARKER}@{HOST}/",
    "a user and a word at our host": f"https://{MARKER}:{MARKER}@{HOST}/",
    "our host behind a backslash": f"https://example.org\\@{HOST}/",
    "our host before a backslash": f"https://{HOST}\\.example.org/",
    "our host in a fragment": f"https://example.org#@{HOST}/",
    "our host in a query": f"https://example.org?@{HOST}/",
    "our host behind a line's end": f"https://example.org\r\nHost: {HOST}/",
    "our host with a line in it": f"https://{HOST}\n.example.org/",
    "our host with a tab in it": f"https://{HOST}\t.example.org/",
    "our host behind a space": f" https://{HOST}/",
    "our host behind NUL": f"https://example.org\0{HOST}/",
    "our host percent by percent": "https://%65u.isemeco.com/",
    "another port": f"https://{HOST}:8443/",
    "a port of nothing": f"https://{HOST}:0/",
    "a port that is none": f"https://{HOST}:x/",
    "a port beyond all": f"https://{HOST}:65536/",
    "a port of many digits": f"https://{HOST}:{'4' * 5000}/",
    "no encryption": f"http://{HOST}/",
    "no scheme": f"//{HOST}/",
    "no address": "",
    "nothing but a scheme": "https://",
    "files": f"file://{HOST}/etc/passwd",
    "a scheme of our own": f"dermalia://{HOST}/",
    "gophers": f"gopher://{HOST}:70/_x",
    "data": "data:text/html,x",
    "a script": f"javascript://{HOST}/%0aalert(1)",
    "a nested scheme": f"view-source:https://{HOST}/",
    "this machine": "https://127.0.0.1/",
    "this machine's name": "https://localhost/",
    "this machine in octal": "https://0177.0.0.1/",
    "this machine in hexadecimal": "https://0x7f.0x0.0x0.0x1/",
    "this machine as one number": "https://2130706433/",
    "this machine in two parts": "https://127.1/",
    "this machine as nothing": "https://0/",
    "this machine in IPv6": "https://[::1]/",
    "this machine in IPv4 in IPv6": "https://[::ffff:127.0.0.1]/",
    "the cloud's own address": f"http://{METADATA}/latest/meta-data/",
    "the cloud's own address in IPv6": "https://[fd00:ec2::254]/",
    "the cloud's own address as one number": "https://2852039166/",
    "the cloud's own name": "http://metadata.google.internal/",
    "an address with a zone": "https://[fe80::1%25eth0]/",
    "half a bracket": "https://[::1/",
    "brackets around our host": f"https://[{HOST}]/",
    "brackets and our host": f"https://[::1]@{HOST}/",
    "a host of thousands": f"https://{'a.' * 5000}com/",
    "a host of one letter too many": f"https://{'a' * 64}.com/",
}


@rows(ELSEWHERE)
def test_an_address_that_is_not_of_the_register_is_refused(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with bounded(), pytest.raises(egress.EgressRefused):
        egress.require_admitted(ELSEWHERE[name])
    written = "".join(record.getMessage() for record in caplog.records)
    assert written.isprintable()
    assert written.replace("…", "").isascii()  # what may be an address is left out


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whom a connection was asked for; nobody answers."""
    asked: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    def found(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


@rows(ELSEWHERE)
def test_a_session_sends_nothing_to_such_an_address(name: str, deaf: list[object]) -> None:
    with (
        bounded(),
        egress.session() as session,
        pytest.raises((requests.RequestException, UnicodeError)),
    ):
        session.get(ELSEWHERE[name])
    # What a library takes for our very host may be looked up: that is where it would have gone.
    assert set(deaf) <= {HOST, "kms.eu-central-1.amazonaws.com"}


@rows(ELSEWHERE)
def test_a_download_there_is_not_begun(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with egress.session() as session:
        client = IsemecoClient(f"https://{HOST}", "practice", SECRET, session, QUICK)
        entry = AssetEntry.model_construct(**(honest()["assets"][0] | {"url": ELSEWHERE[name]}))
        with bounded(), pytest.raises(AddressRefused) as refusal, client.download(entry):
            pass
    assert not refusal.value.worth_retrying
    assert_speaks_plainly(refusal.value, secrets=[MARKER, SECRET])
    assert_unsaid(caplog, [MARKER, SECRET])


# What a row of the database can hold.
STORABLE = {name: url for name, url in ELSEWHERE.items() if 0 < len(url) <= 200 and "\0" not in url}


@rows(STORABLE)
def test_a_connection_to_such_an_address_says_so_at_its_first_step(
    name: str, practice: Practice, deaf: list[object]
) -> None:
    with practice_scope(practice.pk):
        connection = Connection.objects.create(practice=practice, base_url=ELSEWHERE[name])
    lines = list(check_connection(connection=connection, who=OPERATOR))
    assert [(line.step, line.ok) for line in lines] == [(Step.HOST, False)]
    assert MARKER not in str(lines[0].sentence)
    assert deaf == []


BASES = {
    "a query": f"https://{HOST}?",
    "a query with something in it": f"https://{HOST}/?x=",
    "a fragment": f"https://{HOST}#",
    "a user": f"https://user@{HOST}",
    "a line's end": f"https://{HOST}\n",
    "another line": f"https://{HOST}/\r\nX: y",
    "a space": f"https://{HOST}/a b",
    "a backslash": f"https://{HOST}\\",
    "no encryption": f"http://{HOST}",
    "no host": "https:///v1",
    "a port that is none": f"https://{HOST}:port",
    "an umlaut": "https://eü.isemeco.com",
}


@rows(BASES)
def test_a_base_address_is_a_plain_one(name: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        IsemecoClient(BASES[name], "practice", SECRET, requests.Session())


def test_the_register_knows_no_look_alikes() -> None:
    names = (HOST, HOST.upper(), f"{HOST}.")
    assert all(map(admits, names))
    strange = ("", ".", f".{HOST}", f"{HOST}..", f"{HOST}.example.org")
    assert not any(map(admits, strange))
    assert admits("kms.eu-central-1.amazonaws.com")
    assert not admits("\u212ams.eu-central-1.amazonaws.com")
