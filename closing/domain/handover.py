"""The proof that an export arrived: a code that stands in the file and nowhere else.

A ZIP file opens only when it is there to its last byte, so who reads the code has the export. It
is derived, not kept: a code of an older export does not confirm a newer one.
"""

import hmac
from base64 import b32encode
from collections.abc import Iterable

from django.db.models.functions import Now

from audit.chain import Who, record
from audit.words import Action
from closing.domain.current import contract_end
from closing.models import ContractEnd
from dermalia.sealing.keys import unlock_secrets
from exports.domain.plan import Item
from exports.models import Export
from scans.models import Scan

FILE = "confirm-code.txt"
_BYTES = 10  # 80 bits, 16 letters
_TEXT = """\
{code}

Mit diesem Code bestätigen Sie, dass dieser Export bei Ihnen angekommen ist:
in Dermalia unter Einstellungen, Ende des Vertrags. Prüfen Sie ihn vorher mit verify_export.py.

With this code you confirm that this export has arrived:
in Dermalia under Settings, End of the contract. Check it with verify_export.py first.
"""


class WrongCode(Exception):
    """It is not the code of the newest export."""


class ScansSince(Exception):
    """Scans were taken in after the export was prepared, and are not in it.

    Attributes:
        number: how many.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"{number} scans are not in the export")
        self.number = number


def confirmation_file(export: Export) -> Iterable[Item]:
    """The code for an export that is being planned, while a contract ends."""
    end = contract_end()
    if end is None or end.order_id is not None:
        return
    ContractEnd.objects.filter(pk=end.pk).update(
        export_id=export.pk, export_as_of=export.as_of, delivered_at=None
    )
    end.export_id = export.pk
    yield Item.of_text(FILE, _TEXT.format(code=confirm_code(end)).encode())


def confirm_code(end: ContractEnd) -> str:
    """The code of the newest export, in four groups of four; in the practice's scope."""
    digest = unlock_secrets().blind_index(f"{end.pk}/{end.export_id}", name="closing.confirm")
    letters = b32encode(digest[:_BYTES]).decode()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def confirm_delivery(end: ContractEnd, code: str, *, who: Who) -> None:
    """Somebody has the export, whole: from now on everything here may go.

    Raises:
        WrongCode: nothing was confirmed.
        ScansSince: the export is not everything any more; nothing was confirmed.
    """
    if end.export_id is None or not hmac.compare_digest(
        _letters(code), _letters(confirm_code(end))
    ):
        raise WrongCode
    since = Scan.objects.filter(discovered_at__gt=end.export_as_of).count()
    if since:
        raise ScansSince(since)
    if ContractEnd.objects.filter(pk=end.pk, delivered_at=None).update(delivered_at=Now()):
        record(Action.CONTRACT_DELIVERED, who=who, object_id=end.export_id)
    end.refresh_from_db()


def _letters(code: str) -> bytes:
    """As people type it: hyphens, blanks and case do not count."""
    return "".join(code.split()).replace("-", "").upper().encode()
