"""How long reports are kept, where the practice has said so itself. In the practice's scope."""

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.chain import record
from audit.words import Action
from onboarding.models import Instruction
from practices.domain.staff import staff
from practices.models import Purpose, User


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a purpose now.

    Attributes:
        months: calendar months from the start of the period.
        instruction: what it rests on; None where it is the usual one.
    """

    purpose: Purpose
    months: int
    usual_months: int
    instruction: Instruction | None


def usual_months(purpose: str) -> int:
    """Months that reports are kept where nobody has instructed anything."""
    if purpose == Purpose.MEDICAL:
        return 12 * settings.RETENTION_MEDICAL_YEARS
    return settings.RETENTION_AESTHETIC_MONTHS


def instructed(purpose: str) -> Instruction | None:
    """The instruction that holds for a purpose, if it says a number of months."""
    newest = Instruction.objects.filter(purpose=purpose).order_by("-given_at", "-pk").first()
    return newest if newest and newest.months is not None else None


def rules() -> list[Rule]:
    """What holds for each purpose now."""
    found = []
    for purpose in Purpose:
        usual, instruction = usual_months(purpose), instructed(purpose)
        months = cast(int, instruction.months) if instruction else usual
        found.append(Rule(purpose, months, usual, instruction))
    return found


def objection_to(purpose: str, months: int | None) -> str | Promise:
    """Why an instruction would seem unlawful (Art. 28(3) GDPR, last sentence); empty if not."""
    if purpose == Purpose.MEDICAL and months is not None and months < usual_months(purpose):
        return _(
            "Records of a treatment are to be kept for ten years after its end (§ 630f (3) BGB)."
            " We think that a shorter period is against the law unless these reports are not part"
            " of the record."
        )
    return ""


def instruct(*, purpose: Purpose, months: int | None, reason: str, user: User) -> Instruction:
    """Keep the instruction; it holds for reports released from now on.

    Args:
        months: None to go back to what is usual.
    """
    with transaction.atomic():
        given = Instruction.objects.create(
            practice_id=user.practice_id, purpose=purpose, months=months, reason=reason, user=user
        )
        record(Action.INSTRUCTION_GIVEN, who=staff(user), object_id=given.pk)
    return given
