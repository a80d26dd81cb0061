"""Real Postgres, Redis and S3 for every test, from wheels, in a folder of the run's own."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_save
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from dermalia.clients import Browser, Device
from dermalia.clients import Client as Browsing
from dermalia.embedded import Services, database_url
from dermalia.sandbox.face import Capture, make_capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from onboarding.models import GoLive
from practices.domain.sessions import open_session
from practices.domain.tenants import create_practice
from practices.entrance import STAFF_SESSION
from practices.models import Practice, Purpose, StaffSession, User
from reports.domain.delivery import send_delivery
from reports.mail.resend import ResendProvider
from reports.models import Delivery, Report
from scans.conversion import Conversion, SourceFile, convert
from scans.domain.convert import convert_scan
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.domain.sources import connect
from scans.models import Connection, Scan
from tests.environment import DATA

CLONE = "dermalia_test"
# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """Postgres, Redis and S3, running and not synced to disk."""
    with Services(DATA, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_setup(services: Services, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Migrate once, as the owner; tests work on a clone, as the application's role."""
    with django_db_blocker.unblock():
        call_command("setup_database", verbosity=0)
        connections.close_all()
        for alias in connections:
            settings.DATABASES[alias]["NAME"] = CLONE
            connections[alias].settings_dict["NAME"] = CLONE
        clone_database()
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database where commits are real, for tests of several connections or processes."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        empty_database()


@pytest.fixture
def renewed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """As ``committed``, for tests that change the schema itself."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        clone_database()


@pytest.fixture(autouse=True)
def practices_are_live(request: pytest.FixtureRequest) -> Iterator[None]:
    """Practices of tests work with patients from the start, as a row says; tests about becoming
    so are marked ``joining``."""
    if request.node.get_closest_marker("joining"):
        yield
        return

    def vouch(instance: Practice, created: bool, **_: object) -> None:
        if created:
            with practice_scope(instance.pk):
                GoLive.objects.create(practice=instance)

    post_save.connect(vouch, sender=Practice, weak=False, dispatch_uid="tests.vouch")
    yield
    post_save.disconnect(sender=Practice, dispatch_uid="tests.vouch")


@pytest.fixture
def practice(db: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


@pytest.fixture
def other_practice(db: None) -> Practice:
    return create_practice(name="Another practice", email="another@example.org")


@pytest.fixture
def staff_user(practice: Practice) -> User:
    return User.objects.create(email="staff@example.org", practice=practice, role=User.Role.OWNER)


@pytest.fixture(autouse=True)
def force_login_shows_a_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """``client.force_login(user)`` stands for a whole sign-in, with a passkey just now."""
    plain = Client.force_login

    def force_login(client: Client, user: User, backend: str | None = None) -> None:
        plain(client, user, backend)
        enter_session(client, user, factor=StaffSession.Factor.PASSKEY)

    monkeypatch.setattr(Client, "force_login", force_login)


def enter_session(client: Client, user: User, *, factor: str) -> StaffSession:
    """Give the client's cookie a session of the user's; without a factor it opens no dashboard."""
    with practice_scope(user.practice_id):
        opened = open_session(
            user=user, factor=factor, client=Browsing("", Browser.OTHER, Device.OTHER)
        )
    session = client.session
    session[STAFF_SESSION] = str(opened.pk)
    session.save()
    return opened


@pytest.fixture
def scope(practice: Practice) -> Iterator[None]:
    """Inside the practice's scope."""
    with practice_scope(practice.pk):
        yield


@pytest.fixture(scope="session")
def small_capture() -> Capture:
    """The synthetic face, small enough for a test."""
    return make_capture(seed=1, triangles=4000, texture_size=256, overlay_size=128)


@pytest.fixture(scope="session")
def conversions() -> dict[str, Conversion]:
    return {}


@pytest.fixture(autouse=True)
def converts_each_capture_once(
    monkeypatch: pytest.MonkeyPatch, conversions: dict[str, Conversion]
) -> None:
    """The real conversion, remembered: the same small face need not be drawn for every test."""

    def remembering(files: Sequence[SourceFile]) -> Conversion:
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"{file.name}/{file.kind}/{file.light}/{file.metric}/".encode())
            digest.update(file.data)
        name = digest.hexdigest()
        if name not in conversions:
            conversions[name] = convert(files)
        return conversions[name]

    monkeypatch.setattr("scans.domain.convert.convert", remembering)


@pytest.fixture
def cluster(settings: Settings) -> Iterator[IsemecoStandIn]:
    """A cluster on this machine, admitted by the egress guard."""
    with IsemecoStandIn(client_id="dermalia", client_secret="for this test") as stand_in:
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, stand_in.url]
        yield stand_in


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[ResendStandIn]:
    """A mail service on this machine, admitted by the egress guard."""
    with ResendStandIn(api_key="re_for_this_test") as stand_in:
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, stand_in.url]
        settings.RESEND_URL, settings.RESEND_API_KEY = stand_in.url, "re_for_this_test"
        yield stand_in


@pytest.fixture
def account(practice: Practice, cluster: IsemecoStandIn) -> Connection:
    """The practice's account in the cluster."""
    return connect_to(cluster, practice)


def connect_to(cluster: IsemecoStandIn, practice: Practice) -> Connection:
    with practice_scope(practice.pk):
        return connect(
            practice=practice,
            base_url=cluster.url,
            client_id="dermalia",
            client_secret="for this test",
        )


def discover(account: Connection) -> list[Scan]:
    """Take in what the cluster lists; every scan of the practice, oldest first."""
    discover_scans(practice_id=account.practice_id, connection_id=account.pk)
    with practice_scope(account.practice_id):
        return list(Scan.objects.order_by("discovered_at"))


@pytest.fixture
def report(
    practice: Practice, account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> Report:
    """A released report of the synthetic face, with its mail still in the outbox."""
    release_at_once(practice)
    cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
    return report_of(discover(account)[0])


def release_at_once(practice: Practice, purpose: Purpose = Purpose.AESTHETIC) -> None:
    practice.release = Practice.Release.AT_ONCE
    practice.default_purpose = purpose
    practice.save()


def report_of(scan: Scan) -> Report:
    """Pull and convert the scan; the report that comes of it."""
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        scan.refresh_from_db()
        assert scan.last_error == ""
        return Report.objects.select_related("scan", "practice").get(scan=scan)


def link_in_mail(report: Report, mailbox: ResendStandIn) -> str:
    """Send the report's mail; the path its link leads to."""
    with practice_scope(report.practice_id):
        delivery_id: UUID = Delivery.objects.get(report=report).pk
    send_delivery(
        practice_id=report.practice_id, delivery_id=delivery_id, provider=ResendProvider()
    )
    text = mailbox.mails[-1].text or ""
    address = next(word for word in text.split() if word.startswith(settings.PUBLIC_URL))
    return address.removeprefix(settings.PUBLIC_URL)


def superuser_connection() -> psycopg.Connection[tuple[object, ...]]:
    """A connection that no policy holds back, to look behind the application's back."""
    return psycopg.connect(database_url(DATA, "postgres", CLONE), autocommit=True)


def process_environment(**more: str) -> dict[str, str]:
    """The environment of a process of the application that works on the test's database."""
    return {
        **os.environ,
        "DERMALIA_DATABASE_URL": database_url(DATA, "dermalia_app", CLONE),
        "DERMALIA_DATABASE_SWEEPER_URL": database_url(DATA, "dermalia_sweeper", CLONE),
        **more,
    }


def empty_database() -> None:
    """Delete every row a test committed, past policies and triggers."""
    with superuser_connection() as server:
        # No deadlock with a process of the test that is still on its way out.
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        server.execute("SET session_replication_role = replica")
        tables = server.execute(
            "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables"
            " WHERE schemaname IN ('public', 'keystore') AND tablename <> 'django_migrations'"
            " AND tablename NOT LIKE 'auth\\_%' AND tablename <> 'django_content_type'"
        ).fetchone()
        assert tables is not None
        server.execute(f"TRUNCATE {tables[0]} RESTART IDENTITY".encode())


def clone_database() -> None:
    """Replace the clone by a fresh copy of the migrated, empty database."""
    with psycopg.connect(database_url(DATA, "postgres", "postgres"), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {CLONE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {CLONE} TEMPLATE dermalia OWNER dermalia_owner")


def scans_folder() -> Path | None:
    """Real scans to test with, where somebody has put them (``DERMALIA_SCANS``)."""
    beside = Path(settings.BASE_DIR).parent / "shared" / "scans"
    folder = Path(os.environ.get("DERMALIA_SCANS", beside))
    return folder if folder.is_dir() else None
