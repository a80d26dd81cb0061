"""What every page of the practice says while its contract ends."""

from typing import Any

from django import template

from closing.domain.contract import days_left
from closing.domain.current import contract_end
from closing.domain.reminders import todo
from dermalia.tenancy.scope import in_scope
from practices.models import User

register = template.Library()


@register.inclusion_tag("closing/_countdown.html")
def contract_countdown(user: object) -> dict[str, Any]:
    """How many days are left, and what for; for owners, whose decision it is."""
    if not isinstance(user, User) or not user.is_owner or not in_scope():
        return {}
    end = contract_end()
    if end is None or end.order_id is not None:
        return {}
    return {"end": end, "days": max(0, days_left(end)), "todo": todo(end)}
