"""By SMTP: encrypted and verified, or not at all."""

import base64
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from audit.chain import OPERATOR
from audit.models import Entry
from audit.words import Action
from dermalia.residency import egress
from dermalia.residency.register import mail_relay, service
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.mail import routes
from reports.mail.message import Attached, Message
from reports.mail.models import Carrier, Fate, MailRoute, StaffMail
from reports.mail.provider import NotTaken
from reports.mail.smtp import Server, SmtpProvider, try_server
from tests.mail.conftest import use_relay, worked_off
from tests.mail.smtp_server import PASSWORD, USER, SmtpServer, make_certificate, smtp_server

MESSAGE = Message(
    sender_name="Praxis Ä",
    sender="link@example.org",
    reply_to="praxis@example.org",
    recipient="patient@example.org",
    subject="Ihr persönlicher Link",
    text="Grüße\n.\n..\nEnde",
    html="<p>Grüße</p>",
)


def at(port: int, security: MailRoute.Security = MailRoute.Security.STARTTLS) -> Server:
    return Server("localhost", port, security, USER, PASSWORD)


def admit(settings: Settings, server: SmtpServer) -> None:
    settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, f"http://localhost:{server.port}"]


def send(server: Server) -> str:
    provider = SmtpProvider(server, carrier=Carrier.RELAY, pace="test")
    return provider.send(MESSAGE, key="5f0c", practice_id=1, kind="link")


def test_a_mail_arrives_as_it_was_written(server: SmtpServer) -> None:
    assert send(at(server.port)) == "<5f0c@example.org>"
    (mail,) = server.mails
    assert mail["Message-ID"] == "<5f0c@example.org>"
    assert str(mail["From"]) == "Praxis Ä <link@example.org>"
    assert str(mail["To"]) == "patient@example.org"
    assert str(mail["Reply-To"]) == "praxis@example.org"
    assert str(mail["Subject"]) == MESSAGE.subject
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == MESSAGE.text
    assert server.envelopes == [("<link@example.org>", "<patient@example.org>")]
    credentials = base64.b64decode(server.signed_in[0].split()[-1]).decode()
    assert credentials == f"\0{USER}\0{PASSWORD}"


def test_a_file_arrives_byte_for_byte(server: SmtpServer) -> None:
    document = bytes(range(256)) * 400
    bringing = replace(MESSAGE, attached=Attached("copy.pdf", "application/pdf", document))
    provider = SmtpProvider(at(server.port), carrier=Carrier.RELAY, pace="test")
    provider.send(bringing, key="5f0c", practice_id=1, kind="staff")
    (mail,) = server.mails
    (found,) = mail.iter_attachments()
    assert (found.get_filename(), found.get_content_type()) == ("copy.pdf", "application/pdf")
    assert found.get_content() == document


def test_tls_from_the_first_byte_works_too(
    certificate: Path, trusted: None, settings: Settings
) -> None:
    with smtp_server(certificate, implicit=True) as server:
        admit(settings, server)
        send(at(server.port, MailRoute.Security.TLS))
        assert len(server.mails) == 1


def test_without_encryption_neither_password_nor_mail_leaves(server: SmtpServer) -> None:
    server.fault = "no tls"
    with pytest.raises(NotTaken, match="no encryption"):
        send(at(server.port))
    assert (server.signed_in, server.mails) == ([], [])


def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path, settings: Settings) -> None:
    with smtp_server(certificate) as server:
        admit(settings, server)
        with pytest.raises(NotTaken, match="certificate"):
            send(at(server.port))
        assert (server.signed_in, server.mails) == ([], [])


def test_a_certificate_for_another_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    other = make_certificate(tmp_path / "other.pem", name="other.example")
    context = ssl.create_default_context(cafile=str(other))
    monkeypatch.setattr(egress, "tls_context", lambda: context)
    with smtp_server(other) as server:
        admit(settings, server)
        with pytest.raises(NotTaken, match="certificate"):
            send(at(server.port))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.5", "[::1]"])
def test_a_practice_s_server_cannot_be_an_address_inside_our_network(
    settings: Settings, host: str
) -> None:
    settings.SANDBOX_ORIGINS = []
    inside = Server(host, 587, MailRoute.Security.STARTTLS, USER, PASSWORD)
    with pytest.raises(NotTaken, match="must not be called"):
        try_server(inside)


def test_a_port_that_is_not_for_submitting_mail_is_not_called(settings: Settings) -> None:
    settings.SANDBOX_ORIGINS = []
    with pytest.raises(NotTaken, match="must not be called"):
        try_server(Server("mail.example.org", 22, MailRoute.Security.TLS, USER, PASSWORD))


def test_a_wrong_password_says_so_and_does_not_repeat_it(server: SmtpServer) -> None:
    server.fault = "wrong account"
    with pytest.raises(NotTaken, match="user name and the password") as refusal:
        send(at(server.port))
    assert PASSWORD not in str(refusal.value)


def test_a_practice_s_own_server_is_tried_then_kept_with_its_password_sealed(
    practice: Practice, certificate: Path, trusted: None, settings: Settings
) -> None:
    with smtp_server(certificate) as running:
        admit(settings, running)
        running.fault = "wrong account"
        with pytest.raises(NotTaken):
            keep(practice, running)
        with practice_scope(practice.pk):
            assert not MailRoute.objects.exists()
            assert not Entry.objects.filter(action=Action.MAIL_ROUTE_CHANGED).exists()
        running.fault = ""
        keep(practice, running, name="Praxis am Markt")
    with practice_scope(practice.pk):
        chosen = MailRoute.objects.get()
        assert PASSWORD.encode() not in bytes(chosen.password.data)
        assert routes.provider().carrier == Carrier.OWN
        assert routes.sender(practice).address == "praxis@example.org"
        assert routes.sender(practice).name == "Praxis am Markt"
        assert routes.carried_by().key == "own"
        assert Entry.objects.filter(action=Action.MAIL_ROUTE_CHANGED).count() == 1


def keep(practice: Practice, server: SmtpServer, name: str = "") -> None:
    routes.use_own_server(practice=practice, server=own(server), who=OPERATOR, name=name)


def own(server: SmtpServer) -> routes.OwnServer:
    return routes.OwnServer(
        address="praxis@example.org",
        host="localhost",
        port=server.port,
        security=MailRoute.Security.STARTTLS,
        username=USER,
        password=PASSWORD,
    )


def test_mails_to_staff_do_not_depend_on_a_practice_s_own_server(
    practice: Practice, mail: StaffMail, certificate: Path, trusted: None, settings: Settings
) -> None:
    with smtp_server(certificate) as its_own, smtp_server(certificate) as relay:
        admit(settings, its_own)
        use_relay(settings, relay)
        keep(practice, its_own)
        its_own.fault = "wrong account"
        assert worked_off(mail).state == Fate.SENT
        assert len(relay.mails) == 1


def test_a_relay_stands_in_the_register_with_its_country(server: SmtpServer) -> None:
    entry = service("relay")
    assert (entry.entity, entry.country, entry.hosts) == ("Demo relay", "DE", ())
    assert entry.mail_hosts == (f"localhost:{server.port}",)


def test_mails_are_handed_to_no_relay_but_the_one_in_the_register(
    server: SmtpServer, settings: Settings
) -> None:
    settings.SANDBOX_ORIGINS = []
    settings.MAIL_RELAY = {**settings.MAIL_RELAY, "host": "mail.example.org"}
    with pytest.raises(NotTaken, match="not in the register"):
        send(at(server.port))
    assert server.connections == 0


def test_the_register_names_host_and_port(settings: Settings, server: SmtpServer) -> None:
    settings.SANDBOX_ORIGINS = []
    settings.MAIL_RELAY = {**settings.MAIL_RELAY, "host": "Mail.Example.org", "port": 587}
    egress.require_mail_server("mail.example.org", 587)
    for host, port in [("mail.example.org", 25), ("example.org", 587), ("x.mail.example.org", 587)]:
        with pytest.raises(egress.EgressRefused):
            egress.require_mail_server(host, port)


@pytest.mark.parametrize("country", ["US", "GB", "", "de"])
def test_a_relay_outside_the_eea_refuses_to_start(settings: Settings, country: str) -> None:
    settings.MAIL_RELAY = {**dict.fromkeys(("host", "entity"), "x"), "country": country}
    with pytest.raises(ImproperlyConfigured):
        mail_relay()


def test_a_way_that_does_not_exist_is_not_chosen(practice: Practice) -> None:
    assert not django_settings.MAIL_RELAY
    with practice_scope(practice.pk), pytest.raises(routes.RouteRefused):
        routes.choose(practice=practice, carrier=Carrier.RELAY, who=OPERATOR)


def test_by_default_mails_go_by_resend_and_documents_say_where_that_is(practice: Practice) -> None:
    with practice_scope(practice.pk):
        assert routes.provider().carrier == Carrier.RESEND
        assert routes.carried_by().country == "US"
