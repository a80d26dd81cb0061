"""What a practice states, accepts, tries out and instructs."""

from onboarding.models.agreements import Acceptance, LegalText
from onboarding.models.connections import Check, Pause
from onboarding.models.decisions import GoLive, Instruction, Recipient
from onboarding.models.objections import Objection
from onboarding.models.particulars import Authority, Billing, Oversight, Particulars
from onboarding.models.trial import Trial

__all__ = [
    "Acceptance",
    "Authority",
    "Billing",
    "Check",
    "GoLive",
    "Instruction",
    "LegalText",
    "Objection",
    "Oversight",
    "Particulars",
    "Pause",
    "Recipient",
    "Trial",
]
