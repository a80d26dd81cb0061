"""Copies on a NAS: they follow what is here, and never a server that has lost something."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.core.files.storage import storages

from audit.chain import OPERATOR
from dermalia.embedded.layout import Layout
from dermalia.embedded.local import LocalSetup
from dermalia.local import copies
from dermalia.local.copies import (
    CopyRefused,
    Round,
    bring_back,
    claim,
    copy_keys,
    copy_stores,
    installation,
    make_copies,
    require_claimed,
)
from dermalia.tenancy import practice_scope
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure

pytestmark = pytest.mark.usefixtures("services")


@pytest.fixture
def nas(tmp_path: Path) -> Path:
    folder = tmp_path / "nas"
    folder.mkdir()
    return folder


@pytest.fixture
def stored() -> Iterator[str]:
    """The name of an object of this test's."""
    name = f"{uuid4().hex}/mesh"
    bucket("objects").put_object(Key=name, Body=b"sealed")
    yield name
    bucket("objects").Object(name).delete()


def bucket(store: str):  # type: ignore[no-untyped-def]  # boto3 makes its classes as it runs
    return storages[store].bucket  # type: ignore[attr-defined]


def rounds(folder: Path) -> Round:
    done = Round()
    copy_stores(folder, done)
    return done


def test_an_object_is_copied_once_and_goes_when_it_is_gone_here(nas: Path, stored: str) -> None:
    assert rounds(nas).copied >= 1
    copy = nas / "objects" / stored
    assert copy.read_bytes() == b"sealed"
    assert copy.stat().st_mode & 0o077 == 0
    assert rounds(nas) == Round()
    bucket("objects").Object(stored).delete()
    assert rounds(nas).deleted == 1
    assert not copy.exists()


def test_a_copy_that_was_broken_off_is_made_anew(nas: Path, stored: str) -> None:
    copy = nas / "objects" / stored
    copy.parent.mkdir(parents=True)
    copy.with_name("mesh.part").write_bytes(b"sea")
    copy.write_bytes(b"short")
    rounds(nas)
    assert copy.read_bytes() == b"sealed"
    assert [path.name for path in copy.parent.iterdir()] == ["mesh"]


def test_a_link_on_the_nas_leads_to_nothing_outside(nas: Path, stored: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"kept")
    copy = nas / "objects" / stored
    copy.parent.mkdir(parents=True)
    copy.with_name("mesh.part").symlink_to(outside)
    with pytest.raises(CopyRefused, match="failed"):
        rounds(nas)
    assert outside.read_bytes() == b"kept"


@pytest.mark.parametrize("store", copies.APPENDED)
def test_a_server_that_was_set_back_deletes_nothing_on_the_nas(
    nas: Path, stored: str, store: str
) -> None:
    rounds(nas)
    bucket("objects").Object(stored).delete()
    newer = nas / store / "2026" / "entry"
    newer.parent.mkdir(parents=True, exist_ok=True)
    newer.write_bytes(b"1")
    with pytest.raises(CopyRefused, match="bring the copies back"):
        rounds(nas)
    assert (nas / "objects" / stored).exists()
    bring_back(nas)
    assert bucket("objects").Object(stored).get()["Body"].read() == b"sealed"
    bucket(store).Object("2026/entry").delete()


def test_what_is_brought_back_replaces_nothing(nas: Path, stored: str) -> None:
    rounds(nas)
    (nas / "objects" / stored).write_bytes(b"forged")
    assert bring_back(nas) == Round()
    assert bucket("objects").Object(stored).get()["Body"].read() == b"sealed"


def test_a_nas_that_is_not_mounted_is_not_written_to(nas: Path, tmp_path: Path) -> None:
    claim(nas, of="this one")
    claim(nas, of="this one")
    require_claimed(nas, of="this one")
    with pytest.raises(CopyRefused, match="another installation"):
        claim(nas, of="that one")
    bare = tmp_path / "mountpoint"
    bare.mkdir()
    with pytest.raises(CopyRefused, match="is the NAS mounted"):
        require_claimed(bare, of="this one")
    assert list(bare.iterdir()) == []


def test_a_destroyed_key_of_backups_goes_from_the_copies(nas: Path, tmp_path: Path) -> None:
    layout = Layout.of(tmp_path / "data")
    layout.backup_keys.mkdir(parents=True)
    layout.keyring.write_text("keyring")
    (layout.backup_keys / "keystore-1.key").write_text("private")
    copy_keys(nas, layout, Round())
    copied = nas / "keys" / "backup-keys" / "keystore-1.key"
    assert copied.read_text() == "private"
    (layout.backup_keys / "keystore-1.key").unlink()
    copy_keys(nas, layout, Round())
    assert not copied.exists()
    assert (nas / "keys" / "keyring.json").read_text() == "keyring"


def test_an_erased_scan_is_gone_from_the_copies(report: Report, nas: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    setup = LocalSetup(
        address="https://localhost", folder="/exports", copies=str(nas), key_copies=str(safe)
    )
    layout = Layout.of(project.DATA_DIR)
    for place in (nas, safe):
        claim(place, of=installation())
    make_copies(setup, layout)
    copied = nas / "objects" / report.scan.prefix
    assert list(copied.rglob("*"))
    assert (safe / "keys" / "keyring.json").exists()
    assert not list(nas.rglob("keyring.json"))
    with practice_scope(report.practice_id):
        erasure = request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
    complete_erasure(practice_id=report.practice_id, erasure_id=erasure.pk)
    make_copies(setup, layout)
    assert [path for path in copied.rglob("*") if path.is_file()] == []
