"""No socket of the process leads where neither the register nor the settings do."""

import os
import smtplib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from botocore.exceptions import ClientError
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from pytest_django import Settings

from dermalia.residency import egress, guard
from dermalia.residency.endpoints import endpoints
from dermalia.residency.refusals import ConnectionNotAdmitted
from dermalia.residency.storage import GuardedStorage
from tests.residency.lines import ANSWER, Resolver, listening, request_head
from tests.residency.outward import LOOK_UPS, WAYS, is_refused, tried

ELSEWHERE = "example.com"
NOBODY = "192.0.2.1"  # for documentation: leads nowhere
REGISTERED = "api.resend.com"
PUBLIC = "93.184.215.14"


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in any process that is no test: not every port of this machine is admitted."""
    monkeypatch.setattr(guard, "_whole_machine", False)


@pytest.fixture(autouse=True)
def nothing_is_pinned() -> Iterator[None]:
    yield
    guard._pins.clear()


def answering(line: socket.socket) -> None:
    request_head(line)
    line.sendall(ANSWER)


# What is refused


@pytest.mark.parametrize("host", [ELSEWHERE, NOBODY, "169.254.169.254", "10.0.0.7"])
@pytest.mark.parametrize("way", WAYS)
def test_no_library_reaches_a_host_outside(way: str, host: str) -> None:
    assert tried(host, 443, [way]) == {way: True}


@pytest.mark.parametrize("host", ["::ffff:192.0.2.1", "2001:db8::1", "0.0.0.0", "::"])  # noqa: S104
def test_no_spelling_of_an_address_gets_through(host: str, strict: None) -> None:
    assert is_refused(lambda: socket.create_connection((host, 9), 1))


@pytest.mark.parametrize("name", ["3221225985", "0xc0000201", "0300.0.2.1", "192.0.513"])
def test_an_address_in_disguise_is_a_name_that_nobody_registered(name: str) -> None:
    assert is_refused(lambda: socket.create_connection((name, 9), 1))


@pytest.mark.parametrize("look_up", LOOK_UPS)
def test_no_foreign_name_is_looked_up(look_up: str) -> None:
    """A name can carry what it should not to whoever answers for it."""
    assert is_refused(lambda: LOOK_UPS[look_up]("a-secret.example.com"))


def test_a_raw_socket_asks_nobody_about_a_foreign_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its event comes after the look-up: the guard has to be earlier."""
    seen: list[str] = []

    def refuse(what: str) -> None:
        seen.append(what)
        raise InterruptedError

    monkeypatch.setattr(guard, "refuse", refuse)
    with socket.socket() as line, pytest.raises(InterruptedError):
        line.connect(("a-secret.example.com", 443))
    assert seen == ["a-secret.example.com:443"]


@pytest.mark.parametrize("way", WAYS)
def test_a_server_next_door_is_not_reached_either(way: str, strict: None) -> None:
    with listening(answering) as (port, came):
        assert tried("127.0.0.1", port, [way]) == {way: True}
        assert came == []


@pytest.mark.usefixtures("services")
def test_the_port_counts_as_well(strict: None) -> None:
    """Object storage is at one port of this machine; a proxy at another is a way around."""
    endpoint = storages["objects"].endpoint_url  # type: ignore[attr-defined]
    port = int(endpoint.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), 5).close()
    assert is_refused(lambda: socket.create_connection(("127.0.0.1", port + 1), 5))


def test_a_host_of_the_register_is_reached_at_its_port_only(
    strict: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard._remember(REGISTERED, {PUBLIC})
    assert guard._leads_to_us(PUBLIC, 443)
    assert not guard._leads_to_us(PUBLIC, 80)
    assert not guard._leads_to_us("93.184.215.15", 443)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
def test_a_registered_name_that_leads_inside_is_not_followed(inside: str, strict: None) -> None:
    guard._remember(REGISTERED, {inside})
    assert not guard._leads_to_us(inside, 443)


def test_what_was_found_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    guard._remember(REGISTERED, {PUBLIC})
    later = time.monotonic() + guard.PIN_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not guard._leads_to_us(PUBLIC, 443)


# What is admitted


def test_sockets_within_the_kernel_are_nobody_s_business(tmp_path: object, strict: None) -> None:
    path = f"\0dermalia-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_a_stand_in_is_reached_by_its_origin(strict: None, settings: Settings) -> None:
    with listening(answering) as (port, came):
        settings.SANDBOX_ORIGINS = [f"http://localhost:{port}"]
        assert requests.get(f"http://localhost:{port}/", timeout=5).ok
        settings.SANDBOX_ORIGINS = []
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://localhost:{port}/", timeout=5)
    assert len(came) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELERY_BROKER_URL", "rediss://:secret@queue.inside.example:6380/0"),
        ("KMS_ENDPOINT", "https://kms.inside.example"),
        ("SANDBOX_ORIGINS", ["http://stand-in.inside.example:6380"]),
    ],
)
def test_what_the_settings_name_is_looked_up_and_called(
    name: str, value: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    setattr(settings, name, value)
    host = next(each.host for each in endpoints() if each.host.endswith(".inside.example"))
    (port,) = guard._configured_ports(host)
    guard._judge_look_up(host)
    guard._remember(host, {"10.0.0.7"})  # next door, as in a network of containers
    assert guard._leads_to_us("10.0.0.7", port)
    assert not guard._leads_to_us("10.0.0.7", port + 1)


def test_a_server_that_a_practice_named_is_let_through_for_a_while(strict: None) -> None:
    def greet(line: socket.socket) -> None:
        line.sendall(b"220 here\r\n")

    with listening(greet) as (port, came):
        with guard.admitting("localhost", port):
            smtplib.SMTP("localhost", port, timeout=5).close()
        assert is_refused(lambda: smtplib.SMTP("localhost", port, timeout=5))
        assert len(came) == 1


def test_a_passage_is_not_open_to_other_threads(strict: None) -> None:
    outcomes: list[bool] = []

    def elsewhere() -> None:
        outcomes.append(is_refused(lambda: socket.create_connection(("127.0.0.1", 9), 1)))

    with guard.admitting("127.0.0.1", 9):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert outcomes == [True]


def test_only_a_trial_may_have_the_whole_machine(settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured):
        guard.admit_this_machine()


# Object storage and its redirects


def test_object_storage_is_called_at_its_endpoint_whatever_it_answers(settings: Settings) -> None:
    """A redirect of the kind that regions answer with leads nowhere."""
    with listening(answering) as (elsewhere, came):

        def redirecting(line: socket.socket) -> None:
            request_head(line)
            line.sendall(
                b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nConnection: close\r\n"
                b"x-amz-bucket-region: us-east-1\r\n"
                b"Location: http://127.0.0.1:%d/\r\n\r\n" % elsewhere
            )

        with listening(redirecting) as (port, asked):
            options = settings.STORAGES["objects"]["OPTIONS"]
            storage = GuardedStorage(**{**options, "endpoint_url": f"http://127.0.0.1:{port}"})
            with pytest.raises((ClientError, ConnectionNotAdmitted)):
                storage.connection.meta.client.head_bucket(Bucket="dermalia")
            assert asked
        assert came == []


def test_a_client_that_is_turned_elsewhere_is_refused(settings: Settings) -> None:
    storage = GuardedStorage(**settings.STORAGES["checkpoints"]["OPTIONS"])  # nobody else's
    client = storage.connection.meta.client
    client.meta.events.register_first(
        "request-created",
        lambda request, **_: setattr(request, "url", "http://s3.us-east-1.amazonaws.com/b"),
    )
    with pytest.raises(ConnectionNotAdmitted, match=r"s3\.us-east-1\.amazonaws\.com:80"):
        client.list_buckets()


@pytest.mark.parametrize("name", ["objects", "checkpoints", "backup", "ledger"])
def test_every_bucket_is_guarded(name: str) -> None:
    assert isinstance(storages[name], GuardedStorage)


def test_a_session_of_ours_says_what_it_always_said(
    strict: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    with pytest.raises(egress.EgressRefused):
        egress.session().get(f"https://{ELSEWHERE}/")
    assert resolver.asked == []
