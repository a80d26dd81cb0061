"""What the list of scans says while the erasing of what is due waits for a word."""

from typing import Any

from django import template

from dermalia.tenancy.scope import in_scope
from practices.models import User
from retention.queries import held_sweep

register = template.Library()


@register.inclusion_tag("retention/_held_notice.html")
def held_notice(user: object) -> dict[str, Any]:
    """A line for owners, who can let it go on; nothing for anybody else."""
    if not isinstance(user, User) or not user.is_owner or not in_scope():
        return {}
    return {"sweep": held_sweep()}
