"""Templates are folded once they are compiled: what only the language decides is rendered once.

A page is mostly texts between its few values, and looking up each of its translations takes longer
than all of the rest of it. So neighbours that are mere text or the translation of a literal become
one node, which remembers what it says in each language. Nothing of a request can get into it: it
is rendered with an empty context.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language

SILENT = (CommentNode, LoadNode)


class Folded(Node):
    """Nodes that say the same in every request of a language."""

    child_nodelists = ()  # nothing in here is a block, or anything else that is looked for

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = NodeList(nodes)
        self._said: dict[tuple[str | None, bool], SafeString] = {}
        self.token, self.origin = self._nodes[0].token, self._nodes[0].origin

    def render(self, context: Context) -> SafeString:
        key = (get_language(), context.autoescape)
        said = self._said.get(key)
        if said is None:
            said = self._said[key] = self._nodes.render(Context(autoescape=context.autoescape))
        return said


class _Folding(base.Loader):
    def get_template(self, template_name: str, skip: list[Any] | None = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """The cached loader, of folded templates."""


def fold(nodes: NodeList) -> None:
    """Join what can be joined, in place, at every depth."""
    for node in nodes:
        for inner in _inside(node):
            fold(inner)
    nodes[:] = list(_joined(nodes))


def _joined(nodes: NodeList) -> Iterator[Node]:
    spoken = (node for node in nodes if not isinstance(node, SILENT))
    for is_fixed, run in groupby(spoken, key=_is_fixed):
        together = list(run)
        if is_fixed and not (len(together) == 1 and isinstance(together[0], TextNode)):
            yield Folded(together)
        else:
            yield from together


def _inside(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):  # whose ``nodelist`` is a copy
        yield from (inner for _, inner in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        inner = getattr(node, name, None)
        if isinstance(inner, NodeList):
            yield inner


def _is_fixed(node: Node) -> bool:
    if isinstance(node, TextNode):
        return True
    if not isinstance(node, TranslateNode) or node.asvar:
        return False
    said: list[FilterExpression | None] = [node.filter_expression, node.message_context]
    return all(each is None or _is_literal(each) for each in said)


def _is_literal(expression: FilterExpression) -> bool:
    if expression.filters:
        return False
    return not isinstance(expression.var, Variable) or expression.var.lookups is None
