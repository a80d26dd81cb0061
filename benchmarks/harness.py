"""Timing several ways of one thing in turns, so that a noisy minute hits all of them."""

import json
import statistics
import time
from collections.abc import Callable, Mapping


def medians(ways: Mapping[str, Callable[[], object]], *, rounds: int = 7) -> dict[str, float]:
    """Median seconds of each way, after one warm-up each, measured in turns."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def pace() -> float:
    """Milliseconds that this machine takes just now for a million additions in Python.

    What is shared with other machines runs now at one pace and now at another; absolute figures
    of two runs can be compared only beside it.
    """

    def add_up() -> None:
        total = 0
        for number in range(1_000_000):
            total += number

    return 1000 * medians({"pace": add_up})["pace"]


def report(name: str, *, figures: Mapping[str, float], ratios: Mapping[str, float]) -> None:
    """Print the figures for people, then the one line for programs."""
    figures = {**figures, "pace_ms": pace()}
    for title, values in (("figures", figures), ("ratios", ratios)):
        for key, value in values.items():
            print(f"{title:8} {key:24} {value:12.4g}")
    print(json.dumps({"name": name, "figures": dict(figures), "ratios": dict(ratios)}))
