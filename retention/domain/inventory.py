"""How much of what an erasure takes away: counted before it goes, for the receipt."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scans.models import Asset

# The words of a receipt, by model; a row of any other kind is counted as "others".
ROWS: dict[str, str | Promise] = {
    "reports.Report": _("Report"),
    "scans.Scan": _("Scan with its values"),
    "scans.Identity": _("Name and address"),
    "scans.IdentityChange": _("Earlier names and addresses"),
    "scans.Asset": _("Entries of files"),
    "scans.Detail": _("Order for full detail"),
    "reports.Delivery": _("Mails, sent or waiting"),
    "reports.Visit": _("Looks at the report"),
    "others": _("Others"),
}


def rows_by_kind(rows: Mapping[str, int]) -> dict[str, int]:
    """Number of rows by kind.

    Args:
        rows: by model label, such as ``scans.Asset``, as deleting them returns it.
    """
    known = {label: number for label, number in rows.items() if label in ROWS and number}
    others = sum(rows.values()) - sum(known.values())
    return known | ({"others": others} if others else {})


def files_of(scan_ids: Collection[UUID]) -> dict[UUID, tuple[dict[str, int], int]]:
    """By scan: the number of its stored files by kind, and the bytes of all of them.

    A scan without a file is not named.
    """
    stored = Asset.objects.filter(scan_id__in=scan_ids, stored_at__isnull=False)
    rows = stored.values_list("scan_id", "kind").annotate(number=Count("pk"), size=Sum("bytes"))
    found: dict[UUID, tuple[dict[str, int], int]] = {}
    for scan_id, kind, number, size in rows.order_by("scan_id", "kind"):
        kinds, total = found.get(scan_id, ({}, 0))
        found[scan_id] = kinds | {kind: number}, total + size
    return found


def in_words(inventory: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int]]:
    """Each kind with its number, as a receipt lists them: files first."""
    kinds = dict(Asset.Kind.choices)
    files = [(str(kinds.get(kind, kind)), n) for kind, n in inventory.get("files", {}).items()]
    found = inventory.get("rows", {})
    return files + [(str(word), found[label]) for label, word in ROWS.items() if label in found]
