"""The headings of the admin's columns, for the page of one row."""

from django import template

from operators.admin.headings import HEADINGS

register = template.Library()


@register.filter
def heading(name: object, otherwise: object) -> str:
    """What the column of this name is called; ``otherwise`` for what has no heading of ours."""
    return str(HEADINGS.get(str(name), otherwise))
