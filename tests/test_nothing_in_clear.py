"""A filled database and bucket, read as a thief would: no name, no address, no link, no value."""

import base64
import dataclasses
import subprocess
from decimal import Decimal

import pytest

from dermalia.embedded import database_url
from dermalia.embedded.binaries import Binaries
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from tests.conftest import (
    CLONE,
    connect_to,
    discover,
    link_in_mail,
    release_at_once,
    report_of,
    superuser_connection,
)
from tests.environment import DATA

MAGICS = (b"\xff\xd8\xff\xe0\0\x10JFIF", b"\x89PNG\r\n\x1a\n", b"glTF\2\0\0\0")
FIRST_NAME, EMAIL, VALUE = "Testperson Ärmelkanal", "marker@patient.example.org", "61.7329"


@dataclasses.dataclass
class Filled:
    """A released and mailed report, and what must not be found in clear."""

    practice: Practice
    report: Report
    secrets: dict[str, str]


@pytest.fixture
def filled(
    committed: None, cluster: IsemecoStandIn, mailbox: ResendStandIn, small_capture: Capture
) -> Filled:
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    first, *others = small_capture.measurements
    capture = dataclasses.replace(
        small_capture,
        measurements=(dataclasses.replace(first, value=float(VALUE)), *others),
    )
    cluster.add_scan(capture, first_name=FIRST_NAME, email=EMAIL)
    report = report_of(discover(connect_to(cluster, practice))[0])
    link = link_in_mail(report, mailbox).strip("/").split("/")[-1]
    return Filled(
        practice,
        report,
        {
            "first name": FIRST_NAME,
            "address": EMAIL,
            "link": link,
            "value": VALUE,
            "scanner's password": "for this test",
        },
    )


TELLING = 8  # characters of base64: four of them stand in a few megabytes of noise by chance


def forms_of(text: str) -> list[bytes]:
    """How a text might lie in a dump: as it is, as hex of a binary column, encoded."""
    plain = [text.encode(), text.encode("utf-16-le"), text.encode("unicode_escape")]
    # Base64 at each of the three offsets, without the ends that depend on neighbours.
    inner = (base64.b64encode(b"x" * pad + plain[0])[4:-4] for pad in range(3))
    return [
        *plain,
        *(form.hex().encode() for form in plain),
        *(form for form in inner if len(form) >= TELLING),
    ]


def leaks(content: bytes, secrets: dict[str, str]) -> list[str]:
    return [
        name
        for name, text in secrets.items()
        if any(form.lower() in content.lower() for form in forms_of(text))
    ]


def dump() -> bytes:
    program = Binaries.installed().postgres / "pg_dump"
    address = database_url(DATA, "postgres", CLONE)
    return subprocess.run([program, address], check=True, capture_output=True).stdout


def test_a_dump_of_the_database_tells_nothing(filled: Filled) -> None:
    content = dump()
    assert str(filled.report.pk).encode() in content
    assert leaks(content, filled.secrets) == []


def test_the_search_would_find_a_leak(filled: Filled) -> None:
    """Each secret planted in a column of text, and in one of bytes."""
    for name, text in filled.secrets.items():
        for planted in (text, f"\\x{text.encode().hex()}"):
            with superuser_connection() as server:
                server.execute("UPDATE practices_practice SET name = %s", [planted])
            assert leaks(dump(), filled.secrets) == [name]


def test_the_bucket_s_listing_and_bytes_tell_nothing(filled: Filled) -> None:
    bucket = objects._storage().bucket
    with practice_scope(filled.practice.pk):
        prefix = filled.report.scan.prefix
    held = {entry.key: entry.get()["Body"].read() for entry in bucket.objects.filter(Prefix=prefix)}
    assert len(held) > 5
    for name, content in held.items():
        assert set(name) <= set("0123456789abcdef/")
        assert leaks(name.encode() + content, filled.secrets) == []
        assert not any(magic in content for magic in MAGICS)


def test_the_value_is_in_there_at_all(filled: Filled) -> None:
    from audit.access import record_access
    from audit.chain import SYSTEM
    from audit.words import Action
    from dermalia.sealing.keys import unlock
    from scans.queries import measurements

    with practice_scope(filled.practice.pk):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM)
        key = unlock(filled.report.scan.key_id, access=access)
        values = [item.value for item in measurements(scan=filled.report.scan, key=key)]
    assert Decimal(VALUE) in values
