"""Figures that are asked for when somebody looks: registered by the app that knows them."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import DatabaseError, connections
from prometheus_client.core import GaugeMetricFamily

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Attributes:
        name: of the metric, without ``dermalia_``; ages are in seconds.
        labels: words of our own, never anybody's id.
    """

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Collect = Callable[[], Iterable[Figure]]
_collectors: dict[str, Collect] = {}


def collector(ask: Collect) -> Collect:
    """Register a function that yields figures, in one cheap query or few; by its own name."""
    _collectors[f"{ask.__module__}.{ask.__qualname__}"] = ask
    return ask


def names() -> list[str]:
    return sorted(_collectors)


class Figures:
    """A collector for the library that asks all registered functions.

    One that fails keeps nothing from the others: it counts as not answering.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        asked = GaugeMetricFamily(
            "dermalia_collector_up", "Whether these figures could be had.", labels=["collector"]
        )
        seconds = GaugeMetricFamily(
            "dermalia_collector_seconds", "How long that took.", labels=["collector"]
        )
        for name, ask in sorted(_collectors.items()):
            began = time.perf_counter()
            found = _ask(name, ask)
            for figure in found or ():
                _add(families, figure)
            asked.add_metric([name], float(found is not None))
            seconds.add_metric([name], time.perf_counter() - began)
        yield from families.values()
        yield asked
        yield seconds


def _ask(name: str, ask: Collect) -> list[Figure] | None:
    try:
        return list(ask())
    except Exception as error:
        # Storage, a broker, a table: whatever it is, the other figures are wanted all the more.
        logger.exception("the figures of %s cannot be had", name)
        if isinstance(error, DatabaseError):
            connections.close_all()
        return None


def _add(families: dict[str, GaugeMetricFamily], figure: Figure) -> None:
    labels = sorted(figure.labels)
    family = families.setdefault(
        figure.name, GaugeMetricFamily(f"dermalia_{figure.name}", figure.help, labels=labels)
    )
    family.add_metric([figure.labels[label] for label in labels], figure.value)
