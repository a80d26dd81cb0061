"""What a conversion finds out is kept, said to staff, and pictures without a place are shown."""

import pytest
from django.test import Client

from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.isemeco.captured import File, Recording
from dermalia.tenancy import practice_scope
from practices.models import User
from scans.conversion.notes import Note
from scans.domain.convert import convert_scan
from scans.domain.pull import pull_scan
from scans.models import Asset, Connection, Scan
from scans.notes import NOTES
from tests.conftest import discover
from tests.conversion import support


def test_every_note_has_its_sentence() -> None:
    assert set(NOTES) == set(Note)


@pytest.fixture
def without_uv(account: Connection, cluster: IsemecoStandIn) -> Scan:
    """A mesh in millimetres that names no unit and has nowhere to put its texture."""
    picture = support.image_bytes(support.skin(64), "JPEG")
    mesh = support.obj_bytes(2000).replace(b"\nvt ", b"\n# ")
    lines = [
        b"f " + b" ".join(corner.split(b"/")[0] for corner in line.split()[1:])
        if line.startswith(b"f ")
        else line
        for line in mesh.split(b"\n")
        if not line.startswith(b"vn ")
    ]
    cluster.add_scan(
        Recording(
            (
                File("scan.obj", "mesh", "model/obj", b"\n".join(lines)),
                File("skin.jpg", "texture", "image/jpeg", picture),
                File("photo.jpg", "image", "image/jpeg", picture),
            ),
            (),
        )
    )
    scan = discover(account)[0]
    pull_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    convert_scan(practice_id=scan.practice_id, scan_id=scan.pk)
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def test_unit_axis_and_notes_are_kept(without_uv: Scan) -> None:
    assert without_uv.state == Scan.State.READY
    assert (without_uv.unit, without_uv.up_axis) == ("mm", "y")
    assert {Note.TEXTURE_UNPLACED, Note.NORMALS_MADE, Note.UNIT_GUESSED} <= set(without_uv.notes)


def test_staff_read_them_and_see_the_pictures(
    without_uv: Scan, client: Client, staff_user: User
) -> None:
    client.force_login(staff_user)
    page = client.get(f"/en/scans/{without_uv.pk}/").content.decode()
    assert "does not say where its textures belong" in page
    with practice_scope(without_uv.practice_id):
        pictures = Asset.objects.filter(scan=without_uv, origin="derived", kind="image")
        assert pictures.count() == 2
        assert all(str(picture.pk) in page for picture in pictures)
    assert "Picture 2 of 2 of this capture" in page
