"""A value with its scale and its areas: drawn once for each metric, then only filled in.

Five metrics in eight areas each are 75 numbers between texts and drawings that are the same in
every report. The template is rendered with marks where the numbers go, and kept; what is
kept was made without anybody's numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django import template
from django.template.defaultfilters import floatformat
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from reports.domain.page import MetricValue

register = template.Library()
MARK: Final = "\ue000"  # of private use: in no text of ours


@dataclass(frozen=True, slots=True)
class _Drawing:
    """All of a value but its numbers, in the language that was active."""

    key: str
    label: str
    is_estimate: bool
    explanation: str
    background: str
    zones: tuple[tuple[str, str], ...]  # key and label


@register.simple_tag
def value(metric: MetricValue) -> SafeString:
    """The metric as ``reports/_value.html`` shows it."""
    drawing = _Drawing(
        key=metric.key,
        label=metric.label,
        is_estimate=metric.is_estimate,
        explanation=metric.explanation,
        background=metric.background,
        zones=tuple((zone.key, zone.label) for zone in metric.zones),
    )
    numbers = dict(_numbers(metric))
    pieces = list(_pieces(drawing, get_language()))
    pieces[1::2] = [numbers[name] for name in pieces[1::2]]
    return mark_safe("".join(pieces))  # noqa: S308 - of a template, and each number escaped


def _numbers(metric: MetricValue) -> Iterator[tuple[str, str]]:
    """What goes where, escaped; in SVG attributes with a dot, whatever the language."""
    yield "value", conditional_escape(metric.value_text)
    yield "lowest", conditional_escape(floatformat(metric.scale_min, "-2"))
    yield "highest", conditional_escape(floatformat(metric.scale_max, "-2"))
    yield "share", f"{metric.share:.2f}"
    for zone in metric.zones:
        yield f"{zone.key}.value", conditional_escape(zone.value_text)
        yield f"{zone.key}.share", f"{zone.share:.2f}"


@lru_cache(maxsize=64)
def _pieces(drawing: _Drawing, _language: str | None) -> tuple[str, ...]:
    """The drawing cut at its marks: every second piece names the number that goes there."""
    zones = [
        {"key": k, "label": label, "value": _mark(f"{k}.value"), "share": _mark(f"{k}.share")}
        for k, label in drawing.zones
    ]
    numbers = {name: _mark(name) for name in ("value", "lowest", "highest", "share")}
    told = {"metric": drawing, "zones": zones, **numbers}
    return tuple(render_to_string("reports/_value.html", told).split(MARK))


def _mark(name: str) -> str:
    return f"{MARK}{name}{MARK}"
