"""What of an export belongs to the practice as a whole: the first things in the file."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from audit import archive
from audit.export import ENCLOSED as AUDIT_FILES
from audit.export import OFFLINE, checkpoint_lines, summary
from audit.models import Head
from audit.signing import signing_keys
from dermalia.sealing.keys import UnlockedKey
from exports.domain.contents import pieces
from exports.domain.extras import extra_items
from exports.domain.plan import Item, Source
from exports.models import Export
from onboarding.models import Acceptance, GoLive, Instruction, Objection, Recipient
from onboarding.models import Particulars as Stated
from practices.models import Practice, User
from reports.domain.bundle import schemas
from reports.models import Case

ENCLOSED = Path(__file__).parent.parent / "enclosed"
NAMES = ("README.txt", "LIESMICH.txt", "verify_export.py")
SCHEMA_VERSION = "1.0"


def practice_items(export: Export) -> list[Item]:
    """The files, in a stable order, in the practice's scope."""
    return [
        *(Item.of_text(name, (ENCLOSED / name).read_bytes()) for name in NAMES),
        *(Item.of_text(part.path, _bytes(part.content)) for part in schemas()),
        Item.of_text("practice.json", _as_json(_practice(export))),
        Item.of_text("instructions.json", _as_json({"instructions": list(_instructions())})),
        Item.of_text("objections.json", _as_json({"objections": list(_objections())})),
        Item.of_text("recipients.json", _as_json({"recipients": list(_recipients())})),
        Item.of_text("agreements/agreements.json", _as_json({"agreements": list(_agreements())})),
        *_agreement_files(),
        Item.of_text("cases.jsonl", b"".join(map(_line, _cases()))),
        _measured("deletions.jsonl", Source.ERASURES, "", export),
        *_audit(export),
        *extra_items(export),
    ]


def digest_of(items: list[Item], *, export: Export, key: UnlockedKey) -> tuple[bytes, bytes]:
    """The manifest of these files, and its SHA-256; each file is read for it."""
    listed = []
    for item in items:
        digest = hashlib.sha256()
        for piece in pieces(item, export=export, key=key):
            digest.update(piece)
        listed.append({"path": item.path, "bytes": item.size, "sha256": digest.hexdigest()})
    manifest = _as_json({"format": "dermalia-practice", "files": listed})
    return manifest, hashlib.sha256(manifest).digest()


def _audit(export: Export) -> Iterator[Item]:
    """As ``audit.export`` writes it, with its verifier: but as a folder."""
    keys = signing_keys()
    for name in AUDIT_FILES:
        yield Item.of_text(f"audit/{name}", (OFFLINE / name).read_bytes())
    yield Item.of_text("audit/public-key.pem", keys.public_pem())
    # In this order: a checkpoint must not know more than the entries that come with it.
    known = sum(1 for _ in checkpoint_lines(keys)) if archive.names() else 0
    head = Head.objects.first()
    count = head.sequence if head else 0
    yield _measured("audit/checkpoints.jsonl", Source.CHECKPOINTS, str(known), export)
    yield _measured("audit/entries.jsonl", Source.LOG, str(count), export)
    told = summary(count, bytes(head.hash) if head else bytes(32))
    yield Item.of_text("audit/export.json", told.encode())


def _measured(path: str, source: Source, content: str, export: Export) -> Item:
    """A file whose length only reading it tells."""
    unmeasured = Item(path, 0, source, content)
    nobody = UnlockedKey(id=export.pk, secret=b"")  # these sources are not sealed
    size = sum(len(piece) for piece in pieces(unmeasured, export=export, key=nobody))
    return Item(path, size, source, content)


def _practice(export: Export) -> dict[str, Any]:
    practice: Practice = export.practice
    stated = Stated.objects.first()
    live = GoLive.objects.first()
    return {
        "format": "dermalia-practice",
        "schema_version": SCHEMA_VERSION,
        "as_of": _moment(export.as_of),
        "practice": {
            name: getattr(practice, name)
            for name in ("name", "street", "postal_code", "city", "phone", "email", "language")
        },
        "settings": {
            "release": practice.release,
            "default_purpose": practice.default_purpose or None,
            "access_code": practice.access_code,
            "counts_use": practice.counts_use,
            "accent": practice.accent or None,
        },
        "particulars": _fields(stated) if stated else None,
        "live_since": _moment(live.at) if live else None,
        "team": [
            {"number": user.pk, "email": user.email, "role": user.role, "active": user.is_active}
            for user in User.objects.filter(practice=practice).order_by("pk")
        ],
    }


def _fields(row: Stated) -> dict[str, Any]:
    left_out = {"id", "practice"}
    return {
        field.name: _plain(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if field.name not in left_out
    }


def _plain(value: Any) -> Any:
    """Times as in all the rest; no text at all is nothing known."""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def _instructions() -> Iterator[dict[str, Any]]:
    for row in Instruction.objects.select_related("user").order_by("given_at", "pk"):
        yield {
            "id": str(row.pk),
            "purpose": row.purpose,
            "months": row.months,
            "reason": row.reason,
            "by": row.user_id,
            "given_at": _moment(row.given_at),
        }


def _objections() -> Iterator[dict[str, Any]]:
    for row in Objection.objects.order_by("at", "number"):
        yield {
            "id": str(row.pk),
            "service": row.service,
            "valid_from": row.valid_from.isoformat(),
            "kind": row.kind,
            "reason": row.reason or None,
            "by": row.user_id,
            "at": _moment(row.at),
        }


def _recipients() -> Iterator[dict[str, Any]]:
    for row in Recipient.objects.order_by("added_at", "pk"):
        yield {
            "id": str(row.pk),
            "name": row.name,
            "purpose": row.purpose,
            "basis": row.basis,
            "added_at": _moment(row.added_at),
            "ended_at": _moment(row.ended_at) if row.ended_at else None,
        }


def _agreements() -> Iterator[dict[str, Any]]:
    for row in _acceptances():
        yield {
            "document": f"{_named(row)}.pdf",
            "accepted_at": _moment(row.accepted_at),
            "signer": row.signer_name,
            "role": row.signer_role,
            "by": row.user_id,
            "factor": row.factor,
            "document_sha256": bytes(row.document_digest).hex(),
            "texts": [
                {
                    "file": f"{_named(row)}-{text.kind}.html",
                    "version": text.version,
                    "language": text.language,
                    "sha256": bytes(text.digest).hex(),
                }
                for text in (row.agreement, row.measures, row.processors)
            ],
        }


def _agreement_files() -> Iterator[Item]:
    """The PDF of each acceptance as it was handed out, and the texts in full."""
    for row in _acceptances(with_documents=True):
        name = f"agreements/{_named(row)}"
        yield Item(f"{name}.pdf", len(row.document), Source.ACCEPTANCE, str(row.pk))
        for text in (row.agreement, row.measures, row.processors):
            yield Item.of_text(f"{name}-{text.kind}.html", text.body.encode())


def _acceptances(*, with_documents: bool = False) -> list[Acceptance]:
    rows = Acceptance.objects.select_related("agreement", "measures", "processors")
    return list((rows if with_documents else rows.defer("document")).order_by("accepted_at", "pk"))


def _named(row: Acceptance) -> str:
    return f"{row.accepted_at:%Y-%m-%d}-{row.pk.hex[:8]}"


def _cases() -> Iterator[dict[str, Any]]:
    """The evidence, without what was written: that is in the folder of its scan."""
    for row in Case.objects.order_by("opened_at", "pk").iterator(chunk_size=1000):
        yield {
            "id": str(row.pk),
            "report": str(row.report_id) if row.report_id else None,
            "kind": row.kind,
            "state": row.state,
            "opened_by": row.opened_by,
            "opened_at": _moment(row.opened_at),
            "due_on": row.due_on.isoformat(),
            "extension": row.extension or None,
            "closed_at": _moment(row.closed_at) if row.closed_at else None,
            "reason": row.reason or None,
            "identified": row.identified or None,
            "channel": row.channel or None,
        }


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _as_json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


def _bytes(content: Any) -> bytes:
    assert isinstance(content, bytes), "a schema is a text"
    return content


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
