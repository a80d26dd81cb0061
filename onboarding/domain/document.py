"""The accepted agreement as a PDF: who accepted what and when, and the three texts in full."""

import json
from datetime import UTC
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from onboarding.models import Acceptance
from reports.domain.due import BERLIN
from reports.pdf import Attachment, Source, typeset
from reports.pdf.styles import style_of

RECORD = "acceptance.json"


def typeset_acceptance(row: Acceptance) -> bytes:
    """The document. Raises ``reports.pdf.PdfError``."""
    return typeset(source_of(row))


def source_of(row: Acceptance) -> Source:
    """What is typeset: equal acceptances give equal files."""
    texts = [row.agreement, row.measures, row.processors]
    language = row.agreement.language
    with override(language), timezone.override(BERLIN):
        html = render_to_string(
            "onboarding/acceptance.html",
            {
                "row": row,
                "texts": [(text, bytes(text.digest).hex()) for text in texts],
                "language": language,
                "operator": settings.OPERATOR,
                "practice": row.particulars,
                "created": row.accepted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
        )
    return Source(
        html=html,
        style=style_of(Path(__file__).with_name("acceptance.css")),
        attachment=Attachment(
            RECORD, "application/json", "The record of this acceptance", _record(row)
        ),
        created=row.accepted_at.replace(microsecond=0),
    )


def _record(row: Acceptance) -> bytes:
    told = {
        "id": str(row.pk),
        "accepted_at": row.accepted_at.astimezone(UTC).isoformat(),
        "signer": {"name": row.signer_name, "role": row.signer_role, "factor": row.factor},
        "practice": row.particulars,
        "texts": [
            {
                "kind": text.kind,
                "version": text.version,
                "language": text.language,
                "sha256": bytes(text.digest).hex(),
            }
            for text in (row.agreement, row.measures, row.processors)
        ],
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1).encode()
