"""What the empty list of scans says, which depends on whether there is a scanner at all."""

from django import template

from scans.models import Connection

register = template.Library()


@register.simple_tag
def has_scanner() -> bool:
    """Whether anything is connected that scans could come from (in the practice's scope)."""
    return Connection.objects.exists()
