"""One patient's whole life with a mark in every datum, and every store searched: while the report
lives for what must not lie in clear, and after its erasure for all of it."""

import dataclasses
import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import redis
from django.conf import settings
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.access import record_access
from audit.chain import OPERATOR
from audit.checkpointing import make_checkpoint
from audit.words import Action
from backups.domain.making import make_backup
from dermalia.embedded import Services
from dermalia.operations.logs import Redact
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import objects
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from exports.domain.prepare import want_export
from practices.domain.passwords import set_password
from practices.domain.tenants import create_practice
from practices.models import User
from reports.domain.codes import renew_code
from reports.models import Case, Report
from retention.domain.due import erase_due_reports
from retention.models import Erasure
from scans.models import Asset, Scan
from scans.queries import measurements
from tests.conftest import (
    connect_to,
    discover,
    link_in_mail,
    release_at_once,
    report_of,
    superuser_connection,
)
from tests.exports.conftest import finished, taken
from tests.test_nothing_in_clear import dump, leaks
from website.domain.inquiries import ask, deliver_waiting
from website.models import Inquiry

BUCKETS = ("objects", "checkpoints", "backup", "ledger")
FIRST_NAME, EMAIL = "Testperson Ärmelkanal", "marker.alt@patient.example.org"
LATER_NAME, LATER_EMAIL = "Testperson Öresund", "marker.neu@patient.example.org"
FILE, VALUE = "Testperson-Skagerrak.png", "61.73294816057"
PASSWORD = "a quiet afternoon in the marked garden"
MESSAGES = {
    Case.Kind.ACCESS: "Marke Auskunft Kattegat",
    Case.Kind.RECTIFICATION: "Marke Berichtigung Kattegat",
    Case.Kind.OBJECTION: "Marke Widerspruch Kattegat",
}
INQUIRY = {"name": "Testperson Limfjord", "email": "marker.frage@example.org"}
QUESTION = "Marke Anfrage Limfjord"


@dataclasses.dataclass
class Stores:
    """Every place where this installation keeps bytes, read as whoever stole it would."""

    services: Services
    temporary: Path
    logged: Callable[[], str]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        yield "database", dump()
        yield "redis", _redis()
        yield "log", self.logged().encode()
        yield "temporary files", _files(self.temporary)
        for name in BUCKETS:
            yield name, _bucket(name)
        # What is on the disk below the buckets: half-written uploads as well.
        yield "disk of the storage", _files(self.services.layout.s3)

    def tell(self, secrets: dict[str, str]) -> dict[str, list[str]]:
        """Which of the secrets each store gives away; empty where none does."""
        found = {name: leaks(content, secrets) for name, content in self}
        return {name: told for name, told in found.items() if told}

    def disk_of_the_database(self) -> bytes:
        """The cluster's files, its write-ahead log among them: rows that are gone as well."""
        with superuser_connection() as server:
            server.execute("CHECKPOINT")
        return _files(self.services.layout.postgres)


@dataclasses.dataclass
class Life:
    """What was driven through, and its marks.

    Attributes:
        sealed: must never lie anywhere in clear; ours: may, for as long as the report lives.
    """

    report: Report
    sealed: dict[str, str]
    ours: dict[str, str]


@pytest.fixture
def stores(
    services: Services,
    committed: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Stores]:
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(Redact())  # as the settings give every handler
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(settings, "BACKUP_KEYS", tmp_path / "backup-keys")
    monkeypatch.setattr(settings, "BACKUP_RECIPIENTS_FILE", tmp_path / "recipients.json")
    yield Stores(services, temporary, lambda: caplog.text)
    for name in BUCKETS:
        _of(name).objects.all().delete()


@pytest.fixture
def life(
    stores: Stores,
    cluster: IsemecoStandIn,
    mailbox: ResendStandIn,
    small_capture: Capture,
    client: Client,
) -> Life:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    cluster.add_scan(marked(small_capture), first_name=FIRST_NAME, email=EMAIL)
    report = report_of(discover(connect_to(cluster, practice))[0])
    link = link_in_mail(report, mailbox)
    as_patient(client, link)
    staff = User.objects.create(email="staff@example.org", practice=practice, role=User.Role.OWNER)
    with practice_scope(practice.pk):
        set_password(staff, PASSWORD)
    as_staff(staff, report)
    taken_along(report)
    ask_for(client, link, Case.Kind.OBJECTION)  # from now on nobody sees the report
    ask(**INQUIRY, text=QUESTION, language="de")
    with practice_scope(practice.pk):  # with a code the link alone would open nothing
        renew_code(report=Report.objects.select_related("scan").get(), who=OPERATOR)
    make_checkpoint()
    list(make_backup(who=OPERATOR))
    sealed = {
        "first name": FIRST_NAME,
        "address": EMAIL,
        "later name": LATER_NAME,
        "later address": LATER_EMAIL,
        "file": FILE,
        "value": VALUE,
        "link": link.strip("/").split("/")[-1],
        "code": code_of(report),
        "password": PASSWORD,
        "scanner's password": "for this test",
        "inquiry": QUESTION,
        **{f"inquiry's {name}": text for name, text in INQUIRY.items()},
        **{f"message, {kind}": text for kind, text in MESSAGES.items()},
    }
    ours = {
        "scan identifier": report.scan.scan_identifier,
        "report": str(report.pk),
        "prefix": report.scan.prefix,
    }
    return Life(report, sealed, ours)


def marked(capture: Capture) -> Capture:
    """A capture with a mark in a value and in a file's name."""
    first, *others = capture.measurements
    files = list(capture.files)
    at = next(n for n, file in enumerate(files) if file.kind == "overlay")
    files[at] = dataclasses.replace(files[at], name=FILE)
    return dataclasses.replace(
        capture,
        files=tuple(files),
        measurements=(dataclasses.replace(first, value=float(VALUE)), *others),
    )


def as_patient(client: Client, link: str) -> None:
    """Opens the report, looks at it, takes the document along, and asks for rights."""
    client.post(link)
    assert FIRST_NAME in client.get(link).content.decode()
    document: Any = client.get(f"{link}pdf")
    assert b"".join(document).startswith(b"%PDF")
    for kind in (Case.Kind.ACCESS, Case.Kind.RECTIFICATION):
        ask_for(client, link, kind)


def ask_for(client: Client, link: str, kind: Case.Kind) -> None:
    answer = client.post(f"{link}privacy/", {"kind": kind, "message": MESSAGES[kind]})
    assert answer.status_code == 200


def as_staff(user: User, report: Report) -> None:
    """Finds the person by name, corrects name and address, and reads what was asked."""
    client = Client()
    client.force_login(user)
    found = client.get("/de/scans/", {"q": FIRST_NAME}).content.decode()
    assert FIRST_NAME in found
    corrected = {"first_name": LATER_NAME, "email": LATER_EMAIL}
    address = reverse("reports:scan_person", args=[report.scan_id])
    page = client.post(address, corrected, follow=True).content.decode()
    assert LATER_NAME in page
    with practice_scope(report.practice_id):
        case_id = Case.objects.get(kind=Case.Kind.ACCESS).pk
    page = client.get(reverse("reports:case_detail", args=[case_id])).content.decode()
    assert MESSAGES[Case.Kind.ACCESS] in page


def taken_along(report: Report) -> None:
    """The practice's export is prepared and sent: the person is in it, in clear."""
    with practice_scope(report.practice_id):
        export = want_export(practice_id=report.practice_id, user=None)
    content = taken(finished(export))
    with ZipFile(io.BytesIO(content)) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert leaks(held, {"name": LATER_NAME, "message": MESSAGES[Case.Kind.ACCESS]}) == [
        "name",
        "message",
    ]


def code_of(report: Report) -> str:
    with practice_scope(report.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=report.scan_id)
        row = Report.objects.get(pk=report.pk)
        assert row.code is not None
        code: str = row.code.open(unlock(report.scan.key_id, access=access))
    return code


def values_of(report: Report) -> list[str]:
    with practice_scope(report.practice_id):
        scan = Scan.objects.get(pk=report.scan_id)
        access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=scan.pk)
        measured = measurements(scan=scan, key=unlock(scan.key_id, access=access))
    return [str(each.value) for each in measured]


def erase_as_due(report: Report) -> Erasure:
    """By the sweep, as what its person objected to goes with everything else."""
    with practice_scope(report.practice_id):
        yesterday = timezone.localdate() - timedelta(days=1)
        Report.objects.filter(pk=report.pk).update(due_on=yesterday)
    assert erase_due_reports(practice_id=report.practice_id) == 1
    with practice_scope(report.practice_id):
        return Erasure.objects.get()


def test_no_store_gives_a_mark_away_neither_while_the_report_lives_nor_afterwards(
    life: Life, stores: Stores, mailbox: ResendStandIn
) -> None:
    with practice_scope(life.report.practice_id):
        assert Asset.objects.filter(kind=Asset.Kind.PDF).exists()  # the document is kept, sealed
    assert VALUE in values_of(life.report)  # as it was planted, to the last digit
    assert all(len(content) > 0 for name, content in stores if name in BUCKETS[:3])
    assert stores.tell(life.sealed) == {}
    # The search reads what is there: what may lie in clear is found.
    assert set(stores.tell(life.ours)) >= {"database", "objects"}

    erasure = erase_as_due(life.report)
    assert erasure.state == Erasure.State.VERIFIED
    assert deliver_waiting() == 1
    assert not Inquiry.objects.exists()
    gone = life.sealed | life.ours
    # The receipt is about it, and names neither person nor scan; its prefix is empty storage.
    gone.pop("prefix")
    gone.pop("report")  # a dead link still finds the practice, by the report's random id
    assert stores.tell(gone) == {}
    assert objects.is_empty(erasure.prefix)
    raw = stores.disk_of_the_database()
    assert [name for name, text in life.sealed.items() if text.encode() in raw] == []
    assert life.report.pk.bytes in raw  # it is searched


MARK = {"planted": "Planted-Ärmelkanal"}


@pytest.mark.parametrize("store", [*BUCKETS, "database", "redis", "log", "temporary files"])
def test_the_search_would_find_a_mark_in_each_store(stores: Stores, store: str) -> None:
    text = MARK["planted"]
    assert stores.tell(MARK) == {}
    if store in BUCKETS:
        _of(store).put_object(Key="somewhere/else", Body=text.encode())
    elif store == "database":
        create_practice(name=text, email="practice@example.org")
    elif store == "redis":
        with _open_redis() as server:
            server.hset("planted", "field", text)
    elif store == "log":
        logging.getLogger("dermalia").info("%s", text)
    else:
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(text.encode())
    told = stores.tell(MARK)
    with _open_redis() as server:
        server.delete("planted")
    expected = {store, "disk of the storage"} if store in BUCKETS else {store}
    assert told == {name: ["planted"] for name in expected}


def _redis() -> bytes:
    """Every key with everything it holds."""
    found: list[object] = []
    with _open_redis() as server:
        readers: dict[bytes, Callable[[bytes], object]] = {
            b"string": server.get,
            b"hash": server.hgetall,
            b"set": server.smembers,
            b"list": lambda key: server.lrange(key, 0, -1),
            b"zset": lambda key: server.zrange(key, 0, -1, withscores=True),
            b"stream": server.xrange,
        }
        for key in server.scan_iter():
            found += [key, readers[server.type(key)](key)]
    return b"\n".join(_flat(found))


def _flat(value: object) -> Iterator[bytes]:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set):
        for one in value:
            yield from _flat(one)
    else:
        yield value if isinstance(value, bytes) else str(value).encode()


def _open_redis() -> redis.Redis:
    socket = settings.CELERY_BROKER_URL.removeprefix("redis+socket://").split("?")[0]
    return redis.Redis(unix_socket_path=socket)


def _of(name: str) -> Any:
    """A bucket, by what it is for."""
    return storages[name].bucket  # type: ignore[attr-defined]


def _bucket(name: str) -> bytes:
    """Names and bytes of everything in it."""
    entries = _of(name).objects.all()
    return b"\n".join(entry.key.encode() + entry.get()["Body"].read() for entry in entries)


def _files(folder: Path) -> bytes:
    """Names and bytes of every file below."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)
