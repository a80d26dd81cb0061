"""What is known of a scanned person, and correcting it with its history (R19)."""

from audit.access import Access
from audit.chain import Who, record
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, unlock, unlock_secrets
from scans.models import Identity, IdentityChange, Scan
from scans.queries import EMAIL_INDEX, FIRST_NAME_INDEX, Person, person

NAME_CHARACTERS = 120
INDEXES = {"first_name": FIRST_NAME_INDEX, "email": EMAIL_INDEX}
Field = IdentityChange.Field


def correct_identity(*, scan: Scan, first_name: str, email: str, who: Who, access: Access) -> bool:
    """Make this what is known of the person; either may be empty. What stood there is kept, sealed.

    Both values are trimmed. Whether an address can be written to is for the caller to check.

    Args:
        access: on record for this reading, since the old values are opened to compare.

    Returns:
        False if nothing is different.
    """
    Scan.objects.select_for_update().get(pk=scan.pk)  # two corrections at once: one history
    key = unlock(scan.key_id, access=access)
    before, after = person(scan=scan, key=key), Person(first_name.strip(), email.strip())
    changed = [each for each in Field if getattr(before, each) != getattr(after, each)]
    if not changed:
        return False
    for field in changed:
        note_change(scan=scan, field=field, before=getattr(before, field), key=key, who=who)
    _store(scan, after, key)
    record(Action.IDENTITY_CORRECTED, who=who, object_id=scan.pk)
    return True


def note_change(*, scan: Scan, field: Field, before: str, key: UnlockedKey, who: Who) -> None:
    """Keep what stood in a field that is about to be changed."""
    IdentityChange.objects.create(
        practice_id=scan.practice_id,
        scan=scan,
        field=field,
        before=Sealing(key, before) if before else None,
        by_id=who.id,
    )


def history(*, scan: Scan, key: UnlockedKey) -> list[tuple[IdentityChange, str]]:
    """The corrections, the latest first, each with what stood there before."""
    changes = IdentityChange.objects.select_related("by").filter(scan=scan)
    return [
        (change, change.before.open(key) if change.before else "")
        for change in changes.order_by("-at", "-pk")
    ]


def _store(scan: Scan, known: Person, key: UnlockedKey) -> None:
    secrets = unlock_secrets()
    values: dict[str, object] = {}
    for field, name in INDEXES.items():
        text = getattr(known, field)
        values[field] = Sealing(key, text) if text else None
        values[f"{field}_index"] = secrets.blind_index(text, name=name) if text else None
    Identity.objects.update_or_create(scan=scan, practice_id=scan.practice_id, defaults=values)
