"""The end of the service: nothing goes before everybody has theirs, and then nothing is left."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from audit.chain import OPERATOR
from backups import recipients, shelf
from backups.domain.making import make_backup
from backups.domain.schedule import now
from backups.kinds import Kind
from closing.domain import shutdown
from closing.domain.handover import FILE
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sealing import objects
from dermalia.sealing.models import PracticeKey, ReportKey, SecretsKey
from dermalia.tenancy import practice_scope
from practices.domain.standing import standing
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.models import Report
from scans.models import Asset, Scan
from tests.closing.test_everything import Killed
from tests.conftest import connect_to, discover, release_at_once, report_of
from tests.exports.conftest import opened

SCANS = 4


@pytest.fixture(autouse=True)
def backup_keys(tmp_path: Path, settings: Settings) -> None:
    settings.BACKUP_KEYS = tmp_path / "backup-keys"
    settings.BACKUP_RECIPIENTS_FILE = tmp_path / "recipients.json"


@pytest.fixture(autouse=True)
def empty_bucket(services: object) -> Iterator[None]:
    yield
    shelf._storage().bucket.objects.all().delete()


@pytest.fixture
def reports(committed: None, cluster: IsemecoStandIn, small_capture: Capture) -> list[Report]:
    """Of a practice with a few reports; another practice has none."""
    practice = create_practice(name="Demo practice", email="practice@example.org")
    create_practice(name="Another practice", email="another@example.org")
    release_at_once(practice)
    account = connect_to(cluster, practice)
    for _ in range(SCANS):
        cluster.add_scan(small_capture, first_name="Testperson Ä", email="patient@example.org")
    return [report_of(scan) for scan in discover(account)]


@pytest.fixture
def backed_up(reports: list[Report]) -> list[Report]:
    for kind in Kind:
        recipients.create(kind, at=now())
    assert len(list(make_backup(who=OPERATOR))) == len(Kind)
    return reports


def handed_over(folder: Path) -> dict[int, str]:
    """The codes in every practice's export, as their readers find them."""
    call_command("closing", "hand-over", to=folder, stdout=io.StringIO(), stderr=io.StringIO())
    found = {}
    for file in folder.glob("*.zip"):
        with_code = opened(file.read_bytes()).read(FILE).decode().splitlines()[0]
        found[int(file.stem.removeprefix("practice-"))] = with_code
    return found


def confirm_all(codes: dict[int, str]) -> None:
    for practice_id, code in codes.items():
        call_command("closing", "confirm", str(practice_id), code, stdout=io.StringIO())


def erase(certificate: Path, sentence: str | None = None) -> None:
    words = shutdown.sentence() if sentence is None else sentence
    call_command("closing", "erase", certificate=certificate, confirm=words, stdout=io.StringIO())


def test_nothing_is_erased_before_every_practice_has_its_data(
    backed_up: list[Report], tmp_path: Path
) -> None:
    codes = handed_over(tmp_path / "out")
    assert len(codes) == 2
    codes.pop(backed_up[0].practice_id)
    confirm_all(codes)
    with pytest.raises(CommandError, match=f"practices {backed_up[0].practice_id}"):
        erase(tmp_path / "certificate.json")
    with practice_scope(backed_up[0].practice_id):
        assert Scan.objects.count() == SCANS
        # What was handed over stays all there is.
        assert not standing().takes_in(backed_up[0].scan.connection_id)


def test_without_the_exact_sentence_nothing_is_erased(
    backed_up: list[Report], tmp_path: Path
) -> None:
    confirm_all(handed_over(tmp_path / "out"))
    for wrong in ("", "yes", "erase 1 practices and all backups for good"):
        with pytest.raises(CommandError, match="erase 2 practices"):
            erase(tmp_path / "certificate.json", wrong)
    with practice_scope(backed_up[0].practice_id):
        assert Scan.objects.count() == SCANS
    assert shelf.manifests(Kind.DATA)


def damage(report: Report) -> int:
    """Turn a bit over in every stored object of the report; how many there are."""
    with practice_scope(report.practice_id):
        stored = Asset.objects.filter(scan=report.scan, stored_at__isnull=False)
        names = list(stored.values_list("object_name", flat=True))
    bucket = objects._storage().bucket
    for name in names:
        content = bytearray(bucket.Object(name).get()["Body"].read())
        content[-1] ^= 1
        bucket.put_object(Key=name, Body=bytes(content))
    return len(names)


def test_damaged_objects_are_named_gaps_and_everything_goes_all_the_same(
    backed_up: list[Report], tmp_path: Path
) -> None:
    """Originals, pictures that the document would have shown, everything of one scan."""
    scan, damaged = backed_up[1].scan, damage(backed_up[1])
    codes = handed_over(tmp_path / "out")
    file = opened((tmp_path / "out" / f"practice-{scan.practice_id}.zip").read_bytes())
    manifest = json.loads(file.read("manifest.json"))
    assert len(manifest["folders"]) == SCANS
    assert len(manifest["gaps"]) == damaged
    assert len(codes) == 2  # the other practice's export came, too

    confirm_all(codes)
    erase(tmp_path / "certificate.json")
    told = json.loads((tmp_path / "certificate.json").read_bytes())
    assert set(told["left"].values()) == {0}
    assert sum(one["erased"]["scans"] for one in told["practices"]) == SCANS
    for practice_id in Practice.objects.values_list("pk", flat=True):
        with practice_scope(practice_id):
            assert not Scan.objects.exists()
            for model in (ReportKey, SecretsKey, PracticeKey):
                assert not model.objects.exists()
    assert all(objects.is_empty(report.scan.prefix) for report in backed_up)
    assert [entry.key for entry in shelf._storage().bucket.objects.all()] == []
    assert not list((tmp_path / "backup-keys").iterdir())


@pytest.mark.parametrize("step", ["go_on", "tell_practices", "destroy_backups"])
def test_killed_anywhere_the_same_command_goes_on(
    backed_up: list[Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    confirm_all(handed_over(tmp_path / "out"))
    real = getattr(shutdown, step)

    def dies(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as once:
        once.setattr(shutdown, step, dies)
        with pytest.raises(Killed):
            erase(tmp_path / "certificate.json")
    assert not (tmp_path / "certificate.json").exists()
    erase(tmp_path / "certificate.json")
    told = json.loads((tmp_path / "certificate.json").read_bytes())
    assert set(told["left"].values()) == {0}


def test_a_certificate_is_never_written_over(backed_up: list[Report], tmp_path: Path) -> None:
    confirm_all(handed_over(tmp_path / "out"))
    (tmp_path / "certificate.json").write_text("an older one")
    with pytest.raises(CommandError, match="there already"):
        erase(tmp_path / "certificate.json")
    with practice_scope(backed_up[0].practice_id):
        assert Scan.objects.count() == SCANS
