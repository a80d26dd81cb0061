"""Access codes: what whoever holds a link must know besides, where the practice wants that.

The report's own code decides: one that was released without is opened without, until staff make
one for it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from audit.access import record_access
from audit.chain import PATIENT, Who, record
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, unlock
from reports.models import Report

# 22 symbols: none is taken for another (0 O, 1 I L, 2 Z, 5 S, 8 B), and without vowels none of
# them spells a word. Eight carry 35 bits, and a day has five tries.
ALPHABET = "34679CDFGHJKMNPQRTVWXY"
LENGTH, GROUP = 8, 4

# A try is spent before it is judged, by one statement: of any number at the same moment only as
# many get through as are left. A lock lasts a day at most, so ten years do not fill the counter.
_SPEND_A_TRY = """
    UPDATE reports_report SET
        code_failures = code_failures + 1,
        code_locked_until = CASE WHEN (code_failures + 1) %% %(tries)s = 0
            THEN clock_timestamp() + least(
                interval '15 minutes' * power(2, least((code_failures + 1) / %(tries)s - 1, 10)),
                interval '1 day')
            ELSE code_locked_until END
    WHERE id = %(report)s AND practice_id = %(practice)s
        AND coalesce(code_locked_until <= clock_timestamp(), true)
    RETURNING code_failures %% %(tries)s = 0, code_locked_until
"""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a try.

    Attributes:
        locked_until: from when on the next one counts; None where it may be made at once.
    """

    right: bool
    locked_until: datetime | None = None


def new_code(*, report: Report, key: UnlockedKey) -> str:
    """Give the report a fresh code, unsaved: "K7WP-3XRM". One it had before opens nothing."""
    plain = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    code = f"{plain[:GROUP]}-{plain[GROUP:]}"
    report.code = Sealing(key, code)
    report.code_digest = _digest(report, plain)
    report.code_failures, report.code_locked_until = 0, None
    return code


def renew_code(*, report: Report, who: Who) -> None:
    """Replace the report's code, or make its first; wrong tries so far are forgotten."""
    access = record_access(Action.CODE_ISSUED, who=who, object_id=report.pk)
    new_code(report=report, key=unlock(report.scan.key_id, access=access))
    report.save(update_fields=["code", "code_digest", "code_failures", "code_locked_until"])


def check_code(*, report: Report, typed: str) -> Answer:
    """Whether that is the report's code, however it was typed: case, spaces and hyphens aside.

    Five wrong tries lock the report for 15 minutes, five more for twice as long, up to a day; all
    of it is kept in the row, and counts from whatever address the tries come.

    Raises:
        ValueError: the report has no code.
    """
    if report.code_digest is None:
        raise ValueError("there is nothing to check: the report has no code")
    spent = _spend_a_try(report)
    if spent is None:
        report.refresh_from_db(fields=["code_locked_until"])
        return Answer(right=False, locked_until=report.code_locked_until)
    if hmac.compare_digest(bytes(report.code_digest), _digest(report, plain_code(typed))):
        Report.objects.filter(pk=report.pk).update(code_failures=0, code_locked_until=None)
        return Answer(right=True)
    locks, until = spent
    record(Action.CODE_LOCKED if locks else Action.CODE_REFUSED, who=PATIENT, object_id=report.pk)
    return Answer(right=False, locked_until=until if locks else None)


def plain_code(typed: str) -> str:
    """What was typed without spaces, hyphens and the like, in capitals."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def _spend_a_try(report: Report) -> tuple[bool, datetime | None] | None:
    """Whether this try locks the report and until when; None where it is locked already."""
    values: dict[str, int | UUID] = {
        "tries": TRIES,
        "report": report.pk,
        "practice": report.practice_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPEND_A_TRY, values)
        row: tuple[bool, datetime | None] | None = cursor.fetchone()
    return row


def _digest(report: Report, plain: str) -> bytes:
    """32 bytes under the links' pepper, bound to the report."""
    text = b"code/" + report.pk.bytes + plain.encode()
    return hmac.digest(settings.LINK_PEPPER.encode(), text, hashlib.sha256)
