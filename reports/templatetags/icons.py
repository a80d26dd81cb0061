"""The drawings on buttons and marks, each rendered once."""

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """One of ``parts/icon.html``; for names that stand in templates, as each of them is kept."""
    return render_to_string("parts/icon.html", {"name": name})
