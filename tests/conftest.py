"""Real Postgres, Redis and S3 for every test, from wheels, in a folder of the run's own."""

import hashlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_save
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings
from whitenoise.middleware import WhiteNoiseMiddleware

from dermalia.clients import Browser, Device
from dermalia.clients import Client as Browsing
from dermalia.embedded import Services
from dermalia.embedded.credentials import BUCKET
from dermalia.residency import guard
from dermalia.sandbox.face import Capture, make_capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from documents.domain import paper
from onboarding.models import GoLive
from practices.domain.secrecy import PLEDGE
from practices.domain.sessions import open_session
from practices.domain.tenants import create_practice
from practices.entrance import STAFF_SESSION
from practices.models import Basis, Practice, Purpose, StaffSession, User
from reports.domain.delivery import send_delivery
from reports.mail.resend import ResendProvider
from reports.models import Delivery, Report
from reports.pdf import Source, typeset
from reports.views.patient import PAGES
from scans.conversion import Conversion, SourceFile, convert
from scans.domain.convert import convert_scan
from scans.domain.discover import discover_scans
from scans.domain.pull import pull_scan
from scans.domain.sources import connect
from scans.models import Connection, Scan
from tests.databases import (
    CLONE,
    clone_database,
    create_clone,
    empty_database,
    empty_ledger,
    process_environment,
    superuser_connection,
)
from tests.environment import DATA
from tests.migrated import lay_out
from tests.snapshots import Snapshots

__all__ = [
    "CLONE",
    "clone_database",
    "create_clone",
    "empty_database",
    "empty_ledger",
    "process_environment",
    "superuser_connection",
]
# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def servers_of_tests_are_admitted() -> None:
    """By the guard, on this machine only: each test may start servers of its own."""
    guard.admit_this_machine()


@pytest.fixture(scope="session")
def services(django_db_blocker: DjangoDbBlocker) -> Iterator[Services]:
    """Postgres, Redis and S3, running and not synced to disk; the database is migrated."""

    def migrate() -> None:
        with django_db_blocker.unblock():
            call_command("setup_database", verbosity=0)
            connections.close_all()
        create_clone()

    lay_out(DATA, migrate)
    with Services(DATA, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def django_db_setup(services: Services, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tests work on a clone of the migrated database, as the application's role."""
    for alias in connections:
        settings.DATABASES[alias]["NAME"] = CLONE
        connections[alias].settings_dict["NAME"] = CLONE
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


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """No page of the test before: reports of two tests can have the same link (see snapshots)."""
    PAGES.forget()


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_in_few_rounds() -> Iterator[None]:
    """By the hasher that the settings name; what tests ask does not grow truer with its cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScryptPasswordHasher, "work_factor", 2**4)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_up_once() -> Iterator[None]:
    """As by a server when it starts; every new ``Client`` is one to WhiteNoise, which would look
    at some hundred files and their compressed twins again for each."""
    look_up, known = WhiteNoiseMiddleware.add_files_from_finders, dict[str, dict[str, object]]()

    def remembering(middleware: WhiteNoiseMiddleware) -> None:
        if middleware.static_prefix not in known:
            look_up(middleware)
            known[middleware.static_prefix] = dict(middleware.files)
        middleware.files.update(known[middleware.static_prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remembering)
        yield


@pytest.fixture(scope="session")
def snapshots(services: Services) -> Snapshots:
    """What this process's tests begin with, put back instead of made anew."""
    return Snapshots(services.layout.s3 / "objects" / BUCKET)


@pytest.fixture
def practice(db: None, request: pytest.FixtureRequest, snapshots: Snapshots) -> Practice:
    def make() -> int:
        return create_practice(name="Demo practice", email="practice@example.org").pk

    joining = request.node.get_closest_marker("joining")
    practice_id = snapshots.again("a joining practice" if joining else "a practice", make)
    return Practice.objects.get(pk=practice_id)


@pytest.fixture
def other_practice(db: None) -> Practice:
    return create_practice(name="Another practice", email="another@example.org")


@pytest.fixture
def staff_user(practice: Practice) -> User:
    return User.objects.create(
        email="staff@example.org",
        practice=practice,
        role=User.Role.OWNER,
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )


@pytest.fixture(autouse=True)
def force_login_shows_a_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """``client.force_login(user)`` stands for a whole sign-in, with a passkey just now, by
    somebody who has pledged secrecy."""
    plain = Client.force_login

    def force_login(client: Client, user: User, backend: str | None = None) -> None:
        plain(client, user, backend)
        User.objects.filter(pk=user.pk).update(pledge=PLEDGE, pledged_at=timezone.now())
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
    monkeypatch.setattr("scans.domain.convert.expect", lambda: None)


@pytest.fixture(scope="session")
def documents() -> dict[bytes, bytes]:
    return {}


@pytest.fixture(autouse=True)
def typesets_each_document_once(
    monkeypatch: pytest.MonkeyPatch, documents: dict[bytes, bytes]
) -> None:
    """The real typesetting, remembered: equal sources give equal bytes."""

    def remembering(source: Source) -> bytes:
        name = source.digest()
        if name not in documents:
            documents[name] = typeset(source)
        return documents[name]

    monkeypatch.setattr("reports.pdf.cache.typeset", remembering)


@pytest.fixture
def plain_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """No typesetting, for tests in which it does not matter what a practice's documents look like:
    the pack of all of them has two dozen."""
    monkeypatch.setattr(paper, "_pdf", lambda html, style, side, pages: b"%PDF " + side)


@pytest.fixture(scope="session")
def cluster_port() -> Iterator[int]:
    """A port that nobody else gets: the clusters of all tests have one address (see snapshots)."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound and not listening, it leaves the port to a server that may reuse addresses.
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.fixture
def cluster(settings: Settings, cluster_port: int) -> Iterator[IsemecoStandIn]:
    """A cluster on this machine, admitted by the egress guard."""
    with IsemecoStandIn(
        port=cluster_port, client_id="dermalia", client_secret="for this test"
    ) as stand_in:
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
def account(practice: Practice, cluster: IsemecoStandIn, snapshots: Snapshots) -> Connection:
    """The practice's account in the cluster."""

    def make() -> int:
        return connect_to(cluster, practice).practice_id

    snapshots.again("an account", make, practice_id=practice.pk)
    with practice_scope(practice.pk):
        return Connection.objects.latest("pk")


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
    practice: Practice,
    account: Connection,
    cluster: IsemecoStandIn,
    small_capture: Capture,
    snapshots: Snapshots,
) -> Report:
    """A released report of the synthetic face, with its mail still in the outbox."""

    def make() -> int:
        release_at_once(practice)
        cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
        return report_of(discover(account)[0]).practice_id

    snapshots.again("a report", make, practice_id=practice.pk, cluster=cluster)
    practice.refresh_from_db()
    with practice_scope(practice.pk):
        return Report.objects.select_related("scan", "practice").latest("created_at")


def release_at_once(practice: Practice, purpose: Purpose = Purpose.AESTHETIC) -> None:
    practice.release = Practice.Release.AT_ONCE
    practice.default_purpose = purpose
    aesthetic = purpose == Purpose.AESTHETIC
    practice.standing_basis = Basis.CONSENT if aesthetic else Basis.TREATMENT
    practice.standing_basis_on = timezone.localdate()
    practice.standing_basis_version = "2026-01"
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


def scans_folder() -> Path | None:
    """Real scans to test with, where somebody has put them (``DERMALIA_SCANS``)."""
    beside = Path(settings.BASE_DIR).parent / "shared" / "scans"
    folder = Path(os.environ.get("DERMALIA_SCANS", beside))
    return folder if folder.is_dir() else None
