"""The bytes of a file of an export: whenever asked for, the same as when it was planned."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from audit.export import checkpoint_lines, entry_lines
from audit.signing import signing_keys
from dermalia.sealing import objects
from dermalia.sealing.keys import UnlockedKey
from dermalia.tenancy import practice_scope
from exports.domain.plan import Item, Source
from exports.models import Export
from onboarding.models import Acceptance
from retention.models import Erasure

Pieces = Iterable[bytes | memoryview]
LINES_AT_ONCE = 2000


def pieces(item: Item, *, export: Export, key: UnlockedKey) -> Pieces:
    """The content, in pieces; call it and run it outside of any scope.

    Raises:
        FileNotFoundError: there is no such content any more.
        SealBroken: the stored bytes are not what was sealed.
    """
    if item.source == Source.TEXT:
        return [item.content.encode()]
    if item.source == Source.OBJECT:
        return objects.read(key, item.content)
    return _QUERIES[item.source](export, item.content)


def _acceptance(export: Export, content: str) -> Pieces:
    with practice_scope(export.practice_id):
        row = Acceptance.objects.filter(pk=content).first()
    if row is None:
        raise FileNotFoundError(content)
    return [bytes(row.document)]


def _log(export: Export, content: str) -> Pieces:
    """A snapshot of its own for each run of entries: a scope must not be open between pieces."""
    last, at = int(content), 0
    while at < last:
        stop = min(at + LINES_AT_ONCE, last)
        with practice_scope(export.practice_id):
            lines = list(entry_lines(stop, after=at))
        yield _joined(lines)
        at = stop


def _checkpoints(export: Export, content: str) -> Pieces:
    with practice_scope(export.practice_id):
        lines = list(islice(checkpoint_lines(signing_keys()), int(content)))
    return [_joined(lines)]


def _erasures(export: Export, _content: str) -> Pieces:
    """Each erasure asked for by that moment, with its end if it had come to it by then."""
    after: tuple[datetime, str] | None = None
    while True:
        with practice_scope(export.practice_id):
            rows = list(_erasures_after(export, after))
        if not rows:
            return
        yield _joined(_erasure_line(row, export.as_of) for row in rows)
        after = (rows[-1].requested_at, str(rows[-1].pk))


def _erasures_after(export: Export, after: tuple[datetime, str] | None) -> Iterator[Erasure]:
    rows = Erasure.objects.filter(requested_at__lte=export.as_of).order_by("requested_at", "pk")
    if after is not None:
        later = rows.filter(requested_at__gt=after[0])
        rows = (later | rows.filter(requested_at=after[0], pk__gt=after[1])).order_by(
            "requested_at", "pk"
        )
    yield from rows[:LINES_AT_ONCE]


def _erasure_line(row: Erasure, as_of: datetime) -> str:
    verified = row.verified_at if row.verified_at and row.verified_at <= as_of else None
    told = {
        "receipt": str(row.pk),
        "reference": str(row.scan_id),
        "reason": row.reason,
        "requested_at": _moment(row.requested_at),
        "verified_at": _moment(verified) if verified else None,
        "rows": row.rows,
        "objects": row.objects_erased if verified else None,
        "bytes": row.bytes_erased if verified else None,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_QUERIES: dict[Source, Callable[[Export, str], Pieces]] = {
    Source.ACCEPTANCE: _acceptance,
    Source.LOG: _log,
    Source.CHECKPOINTS: _checkpoints,
    Source.ERASURES: _erasures,
}
