"""What every page of the practice says while something about its standing is to be done."""

from typing import Any

from django import template

from dermalia.tenancy.scope import in_scope
from onboarding.domain.acceptance import newer_waits
from onboarding.domain.objections import changes
from practices.domain.standing import standing
from practices.models import User

register = template.Library()


@register.inclusion_tag("onboarding/_standing.html")
def standing_notice(user: object) -> dict[str, Any]:
    """A line for owners, who can do something about it; nothing for anybody else."""
    if not isinstance(user, User) or not user.is_owner or not in_scope():
        return {}
    return {
        "not_live": not standing().is_live(),
        "newer_waits": newer_waits(),
        "to_come": [each for each in changes() if each.is_to_come and not each.objection],
    }
