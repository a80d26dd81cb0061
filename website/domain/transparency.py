"""What can be shown to everybody of how the promises are kept; "not yet" where it is not."""

import time
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.checkpoint import Checkpoint
from audit.checkpointing import newest_genuine
from audit.signing import signing_keys
from backups.models import DrillResult, ErasureDrill
from dermalia.residency.register import services
from dermalia.residency.services import Service
from onboarding.domain.evidence import concluded
from onboarding.domain.texts import current_text
from onboarding.models import LegalText

CHECKPOINT_FRESH_SECONDS = 300  # one is made an hour; storage need not be asked by every reader


@dataclass(frozen=True, slots=True)
class Evidence:
    """Attributes:
    services: the register, with the day since when there is a contract, None where there is none.
    texts: each text in force with the hex SHA-256 of its body.
    drill: the newest restore for practice, None where none has run.
    erasure_drill: the newest erasure for practice, None where none has run.
    checkpoint: the newest signed statement on the log, None where none is there.
    """

    services: list[tuple[Service, date | None]]
    texts: list[tuple[LegalText, str]]
    drill: DrillResult | None
    erasure_drill: ErasureDrill | None
    checkpoint: Checkpoint | None


def evidence() -> Evidence:
    """Everything the page on transparency shows."""
    texts = [
        current_text(kind.value, language)
        for kind in LegalText.Kind
        for language, _name in settings.LANGUAGES
    ]
    signed = concluded()
    return Evidence(
        services=[(each, signed.get(each.key)) for each in services()],
        texts=[(text, bytes(text.digest).hex()) for text in texts],
        drill=DrillResult.objects.order_by("-at").first(),
        erasure_drill=ErasureDrill.objects.order_by("-at").first(),
        checkpoint=_checkpoint(int(time.monotonic() // CHECKPOINT_FRESH_SECONDS)),
    )


@lru_cache(maxsize=1)
def _checkpoint(_moment: int) -> Checkpoint | None:
    try:
        return newest_genuine(signing_keys())
    except (BotoCoreError, ClientError, ImproperlyConfigured):
        return None
