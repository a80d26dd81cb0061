"""Sealed columns: clear text cannot get in, another column's text cannot be passed off."""

import pytest
from django.db import connection
from django.db.transaction import atomic

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.fields import Sealed, Sealing
from dermalia.sealing.keys import UnlockedKey, create_report_key, unlock, unlock_secrets
from dermalia.tenancy import practice_scope
from practices.models import Practice
from scans.models import Identity, Scan
from scans.queries import EMAIL_INDEX, FIRST_NAME_INDEX, scans_of
from tests.tenancy.test_scope import make_scan

pytestmark = pytest.mark.usefixtures("scope")


def key_of(scan: Scan) -> UnlockedKey:
    return unlock(scan.key_id, access=record_access(Action.SCAN_VIEWED, who=SYSTEM))


def identify(scan: Scan, first_name: str, email: str = "patient@example.org") -> Identity:
    key, secrets = key_of(scan), unlock_secrets()
    return Identity.objects.create(
        practice_id=scan.practice_id,
        scan=scan,
        first_name=Sealing(key, first_name),
        email=Sealing(key, email),
        first_name_index=secrets.blind_index(first_name, name=FIRST_NAME_INDEX),
        email_index=secrets.blind_index(email, name=EMAIL_INDEX),
    )


def test_a_text_comes_back_through_its_key(practice: Practice) -> None:
    scan = make_scan(practice)
    identify(scan, "Testperson Ä")
    row = Identity.objects.get()
    assert isinstance(row.first_name, Sealed)
    assert row.first_name.open(key_of(scan)) == "Testperson Ä"


@pytest.mark.parametrize("clear", ["Testperson", b"Testperson", 7])
def test_clear_text_cannot_be_assigned(practice: Practice, clear: object) -> None:
    scan = make_scan(practice)
    row = Identity(practice=practice, scan=scan)
    setattr(row, "first_name", clear)  # noqa: B010 (the type checker would refuse it as well)
    with pytest.raises(TypeError, match=r"identity.first_name takes Sealing"), atomic():
        row.save()
    assert not Identity.objects.exists()


def test_a_column_s_text_cannot_be_assigned_to_another(practice: Practice) -> None:
    identify(make_scan(practice), "Testperson")
    row = Identity.objects.get()
    with pytest.raises(TypeError), atomic():
        Identity.objects.update(email=row.first_name)


def test_a_column_s_bytes_copied_into_another_do_not_open(practice: Practice) -> None:
    scan = make_scan(practice)
    identify(scan, "Testperson")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scans_identity SET email = first_name")
    email = Identity.objects.get().email
    assert email is not None
    with pytest.raises(SealBroken):
        email.open(key_of(scan))


def test_a_row_s_bytes_copied_into_another_do_not_open(practice: Practice) -> None:
    one, other = make_scan(practice, "S-1"), make_scan(practice, "S-2")
    identify(one, "Testperson")
    identify(other, "Demo")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scans_identity SET first_name ="
            " (SELECT first_name FROM scans_identity WHERE scan_id = %s)",
            [one.pk],
        )
    swapped = Identity.objects.get(scan=other).first_name
    assert swapped is not None
    with pytest.raises(SealBroken):
        swapped.open(key_of(other))


def test_people_are_found_by_name_and_address_without_opening_anything(practice: Practice) -> None:
    scans = [make_scan(practice, f"S-{number}") for number in range(3)]
    identify(scans[0], "Ärztin Demo", "a@example.org")
    identify(scans[1], "ärztin demo ", "b@example.org")
    identify(scans[2], "Demo", "A@EXAMPLE.ORG")
    assert set(scans_of(first_name="ÄRZTIN DEMO")) == {scans[0], scans[1]}
    assert set(scans_of(email="a@example.org")) == {scans[0], scans[2]}
    assert set(scans_of(first_name="Ärztin Demo", email="a@example.org")) == {scans[0]}
    assert not scans_of(first_name="Ärztin")
    with pytest.raises(ValueError, match="first name"):
        scans_of()


def test_the_same_name_in_another_practice_has_another_index(
    practice: Practice, other_practice: Practice
) -> None:
    def index_in(owner: Practice) -> bytes:
        with practice_scope(owner.pk):
            return unlock_secrets().blind_index("Demo", name=FIRST_NAME_INDEX)

    assert index_in(practice) == index_in(practice)
    assert index_in(practice) != index_in(other_practice)


def test_a_name_s_index_differs_from_an_address_s(practice: Practice) -> None:
    create_report_key()
    secrets = unlock_secrets()
    assert secrets.blind_index("demo", name=FIRST_NAME_INDEX) != secrets.blind_index(
        "demo", name=EMAIL_INDEX
    )
