"""At every start: no company works for practices that were not told of it beforehand (R67).

What a practice was told is what stands in the list it has accepted, and what was announced to it
at least thirty days ago. Services that the code calls are kept back by the register until their
day; here are the companies that the operator's settings name: machines, storage, mail relay.
"""

from collections.abc import Callable, Iterator
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.html import escape

from dermalia.residency.announced import NOTICE, RELAY, Planned, announced
from dermalia.residency.hosting import PARTS, hosting
from dermalia.residency.register import mail_relay
from dermalia.residency.services import Service
from dermalia.tenancy import practice_scope
from onboarding.domain.acceptance import accepted_list
from onboarding.domain.objections import standing_objection
from onboarding.models import LegalText
from practices.models import Practice


def require_announced() -> None:
    """Refuse to run with a company that a practice was not told of, or has objected to.

    Raises:
        ImproperlyConfigured: naming company and practice, and what to do.
    """
    if settings.TRIAL:
        return  # nobody's data
    chosen = _chosen()
    body = cache(_body)  # practices are many, editions of the list few and long
    for practice in Practice.objects.order_by("pk") if chosen else ():
        with practice_scope(practice.pk):
            for problem in _problems(practice, chosen, body):
                raise ImproperlyConfigured(problem)


def _chosen() -> list[Service]:
    """Companies that the operator's settings have put to work."""
    relay = mail_relay()
    return [each for each in (*hosting(), *((relay,) if relay else ())) if each.country]


def _body(text_id: int) -> str:
    return LegalText.objects.values_list("body", flat=True).get(pk=text_id)


def _problems(
    practice: Practice, chosen: list[Service], body: Callable[[int], str]
) -> Iterator[str]:
    held = accepted_list()
    if held is None or not practice.email:
        return  # it reads today's list on the way to its agreement; or its contract has ended
    for company in chosen:
        plans = [plan for plan in announced() if _is_of(plan, company)]
        if f"<h2>{escape(company.entity)}</h2>" not in body(held):
            yield from _untold(practice, company, plans)
        yield from (_objected(practice, plan) for plan in plans if _is_in_the_way(plan))


def _is_of(plan: Planned, company: Service) -> bool:
    return plan.service.entity == company.entity and plan.service.purpose in company.purposes


def _untold(practice: Practice, company: Service, plans: list[Planned]) -> Iterator[str]:
    today = timezone.localdate()
    if any(plan.valid_from <= today for plan in plans):
        return
    if plans:
        day = min(plan.valid_from for plan in plans)
        yield f"{company.entity} is announced for {day}: go on with the company before until then."
        return
    part = RELAY if company.key == RELAY else _part(company)
    entry = f"{part}={company.entity}={company.country}={today}={today + NOTICE}"
    yield (
        f"Practice {practice.pk} was never told that {company.entity} would work for it. Go on"
        f" with the company before, and announce this one: add {entry} to DERMALIA_ANNOUNCED."
    )


def _part(company: Service) -> str:
    return next(part for part, (_, does) in PARTS.items() if does == company.purpose)


def _is_in_the_way(plan: Planned) -> bool:
    """Nobody can be kept from the machines alone; the relay is refused practice by practice."""
    return plan.is_ground and standing_objection(plan.service.key) is not None


def _objected(practice: Practice, plan: Planned) -> str:
    return (
        f"Practice {practice.pk} has objected to {plan.service.entity}. Go on with the company"
        " before until the practice has withdrawn it, or its contract has ended."
    )
