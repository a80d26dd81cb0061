"""What a practice has said of itself, as its documents tell it. In the practice's scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override

from dermalia.residency.register import services
from dermalia.residency.services import Service, TransferBasis
from documents.domain.catalogue import Kind
from onboarding.domain.acceptance import accepted
from onboarding.domain.authorities import OFFICES, Office
from onboarding.domain.instructions import Rule, rules
from onboarding.domain.particulars import particulars_of
from onboarding.domain.texts import RELEASED_ON
from onboarding.models import Acceptance, Authority, Particulars, Recipient
from practices.models import Practice
from reports.domain.due import BERLIN
from reports.mail.routes import carried_by

MONTHS_IN_WORDS = 36  # "24 months" is what people say, "120 months" is not
_CARRIERS = {"resend", "relay", "own"}


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a document needs and the practice has not said: what, and where to say it."""

    what: Promise
    url_name: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A practice as its documents name it.

    Attributes:
        involved: the services that this practice's data really go to.
        abroad: those of them that data reach outside the European Economic Area.
        recipients: to whom it passes reports on, those of today.
    """

    practice: Practice
    particulars: Particulars
    acceptance: Acceptance | None
    rules: tuple[Rule, ...]
    recipients: tuple[Recipient, ...]
    involved: tuple[Service, ...]

    @property
    def abroad(self) -> tuple[Service, ...]:
        return tuple(
            one for one in self.involved if one.transfer_basis is not TransferBasis.NONE_NEEDED
        )

    @property
    def office(self) -> Office | None:
        """The authority that supervises it."""
        chosen = self.particulars.authority
        return OFFICES[Authority(chosen)] if chosen else None

    @property
    def as_of(self) -> date:
        """The day of the newest thing that documents of this practice tell: no clock's."""
        moments = [rule.instruction.given_at for rule in self.rules if rule.instruction]
        moments += [one.added_at for one in self.recipients]
        moments += [self.acceptance.accepted_at] if self.acceptance else []
        return max([RELEASED_ON, *(_day(at) for at in moments)])

    def missing(self, kind: Kind) -> list[Missing]:
        """What has to be said before a document may be used."""
        return [
            *(self._missing_parties() if kind.parties else ()),
            *(self._missing_oversight() if kind.oversight else ()),
        ]

    def told(self, language: str) -> dict[str, Any]:
        """For a template in a language."""
        with override(language):
            periods = {f"{rule.purpose}_period": period(rule.months) for rule in self.rules}
        return periods | {
            "practice": self.practice,
            "particulars": self.particulars,
            "acceptance": self.acceptance,
            "office": self.office,
            "recipients": self.recipients,
            "involved": self.involved,
            "abroad": self.abroad,
            "as_of": self.as_of,
        }

    def _missing_parties(self) -> Iterator[Missing]:
        texts = {
            "name": _("Name of the practice"),
            "street": _("Street and number"),
            "postal_code": _("Postal code"),
            "city": _("City"),
            "email": _("E-mail address"),
        }
        for name, what in texts.items():
            if not getattr(self.practice, name):
                yield Missing(what, "onboarding:practice")

    def _missing_oversight(self) -> Iterator[Missing]:
        if not self.particulars.oversight:
            yield Missing(
                _("Data protection officer, or why there is none"), "onboarding:oversight"
            )
        if not self.particulars.authority:
            yield Missing(_("The authority that supervises you"), "onboarding:oversight")


def stated_by(practice: Practice) -> Stated:
    """All that documents tell of a practice."""
    return Stated(
        practice=practice,
        particulars=particulars_of(practice),
        acceptance=accepted(),
        rules=tuple(rules()),
        recipients=tuple(Recipient.objects.filter(ended_at=None).order_by("added_at", "pk")),
        involved=_involved(),
    )


def period(months: int) -> str:
    """Months as people say them, in the language in force."""
    if months >= MONTHS_IN_WORDS and months % 12 == 0:
        return ngettext("%(n)s year", "%(n)s years", months // 12) % {"n": months // 12}
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}


def _involved() -> tuple[Service, ...]:
    carrier = carried_by()
    kept = [one for one in services() if one.key not in _CARRIERS and _in_use(one)]
    return (*kept, carrier)


def _in_use(service: Service) -> bool:
    return service.key != "aws-kms" or bool(settings.KMS_KEYS)


def _day(at: datetime) -> date:
    return timezone.localtime(at, BERLIN).date()
