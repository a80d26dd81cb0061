"""Pieces of a page that depend on the language and a few yes or no alone, rendered once a process.

    {% kept owner=user.is_owner %} … {% endkept %}

What stands inside sees nothing but what it is given: the values named, each True or False, and
``view`` and ``area``, the names of the page's address and of its app. So nothing of a person or a
practice can get into what is kept, and there are only so many pieces of each.
"""

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()
Key = tuple[object, ...]


class Kept(template.Node):
    """Keeps what it rendered for as long as its template is loaded."""

    def __init__(self, nodelist: NodeList, given: dict[str, FilterExpression]) -> None:
        self.nodelist, self._given = nodelist, given
        self._made: dict[Key, SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        """The piece for these values; raises ``TypeError`` where one is not True or False."""
        given = {name: _yes_or_no(name, each, context) for name, each in self._given.items()}
        values = given | _page(context)
        key = (get_language(), *values.values())
        if key not in self._made:
            self._made[key] = self.nodelist.render(context.new(values))
        return self._made[key]


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """Between ``kept`` and ``endkept``: see the head of this file."""
    given = token.split_contents()[1:]
    values = token_kwargs(given, parser)
    if given:
        raise template.TemplateSyntaxError("kept takes name=value only")
    nodelist = parser.parse(["endkept"])
    parser.delete_first_token()
    return Kept(nodelist, values)


def _yes_or_no(name: str, given: FilterExpression, context: template.Context) -> bool:
    """As in ``{% if %}``, what is not there is not so."""
    value = given.resolve(context, ignore_failures=True)
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"kept: {name} is {type(value).__name__}, not True or False")
    return bool(value)


def _page(context: template.Context) -> dict[str, Any]:
    match = getattr(getattr(context, "request", None), "resolver_match", None)
    if match is None:
        return {"view": "", "area": ""}
    return {"view": match.view_name, "area": match.app_name}
