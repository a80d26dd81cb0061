"""Backups with keys of each test's own, in a bucket that is empty at its start."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pytest_django import Settings

from audit.chain import OPERATOR
from backups import recipients, shelf
from backups.domain.making import make_backup
from backups.dump import program
from backups.kinds import Kind
from backups.manifest import Manifest
from backups.stream import unseal
from dermalia.embedded import database_url
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from tests.conftest import CLONE, connect_to, discover, release_at_once, report_of
from tests.environment import DATA


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, settings: Settings) -> Path:
    """The folder of private keys; public ones lie beside it."""
    settings.BACKUP_KEYS = tmp_path / "backup-keys"
    settings.BACKUP_RECIPIENTS_FILE = tmp_path / "recipients.json"
    return tmp_path / "backup-keys"


@pytest.fixture(autouse=True)
def empty_bucket(services: object) -> Iterator[None]:
    yield
    shelf._storage().bucket.objects.all().delete()


@pytest.fixture
def two_live_reports(
    renewed: None, cluster: IsemecoStandIn, small_capture: Capture
) -> tuple[Report, Report]:
    """Committed, in a database that the test may replace."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    release_at_once(practice)
    account = connect_to(cluster, practice)
    for number in range(2):
        cluster.add_scan(
            small_capture, first_name=f"Testperson {number}", email="patient@example.org"
        )
    first, second = (report_of(scan) for scan in discover(account))
    return first, second


@pytest.fixture
def practice(committed: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


def back_up() -> dict[Kind, Manifest]:
    return {manifest.kind: manifest for manifest in make_backup(who=OPERATOR)}


def erase(report: Report) -> Erasure:
    """Whole: the key, the rows, the objects."""
    with practice_scope(report.practice_id):
        erasure = request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    complete_erasure(practice_id=report.practice_id, erasure_id=erasure.pk)
    return erasure


def lose_the_database(*schemas: str) -> None:
    """As after a disk that died: an empty database of the same name."""
    with psycopg.connect(database_url(DATA, "dermalia_owner", CLONE), autocommit=True) as server:
        for schema in schemas or ("public", "keystore"):
            server.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def names() -> list[str]:
    """Of the objects in the bucket of backups."""
    return [entry.key for entry in shelf._storage().bucket.objects.all()]


def stored(name: str) -> bytes:
    content: bytes = shelf._storage().bucket.Object(name).get()["Body"].read()
    return content


def plaintext(manifest: Manifest) -> bytes:
    """What a backup holds, in pg_dump's format."""
    private = recipients.private_key(manifest.key)
    return b"".join(unseal(private, manifest.payload, shelf.download(manifest)))


def spelled_out(archive: bytes) -> bytes:
    """The rows of a dump, as text."""
    words = [str(program("pg_restore")), "--data-only", "--file=-"]
    return subprocess.run(words, input=archive, capture_output=True, check=True).stdout
