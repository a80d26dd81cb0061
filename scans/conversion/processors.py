"""How many processors one conversion may keep busy: a worker's share of what this process has.

What several threads could do faster is no use to a machine that converts several captures at once:
each then waits for the others' threads. So a worker's processes share its processors out.
"""

import math
import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")

_kept_to: int | None = None


def keep_to(processors: int) -> None:
    """From now on conversions of this process, and of those it forks, keep to so many.

    Raises ValueError below one.
    """
    if processors < 1:
        raise ValueError(f"{processors} processors; a conversion needs at least one.")
    global _kept_to  # noqa: PLW0603 (a process has one share, as it has one environment)
    _kept_to = processors


def share() -> int:
    """What `keep_to` said; where it said nothing, all there are."""
    return _kept_to or available()


def half() -> int:
    """Of the share, at least one: for each of two things that are done beside one another."""
    return max(1, share() // 2)


def share_among(processes: int) -> int:
    """The processors of each of so many processes that convert at once, at least one."""
    return max(1, available() // max(1, processes))


def available() -> int:
    """The processors this process may run on, or what its control group is given of them.

    A group given parts of a processor counts as given the whole one.
    """
    allowed = len(os.sched_getaffinity(0))
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas())]))


def _quotas() -> list[float]:
    """The processors' worth of time that this process's groups are given, where they are bounded.

    Of control groups of version 2 alone; those of version 1 bound nothing that is seen here.
    """
    try:
        entries = _OWN_GROUP.read_text().splitlines()
    except OSError:
        return []
    own = next((entry[3:] for entry in entries if entry.startswith("0::/")), None)
    if own is None:
        return []
    group = _GROUPS / own.lstrip("/")
    inside = [place for place in (group, *group.parents) if place.is_relative_to(_GROUPS)]
    return [quota for place in inside if (quota := _quota(place / "cpu.max")) is not None]


def _quota(file: Path) -> float | None:
    """``file`` holds microseconds allowed, or "max", and those of the period they are for."""
    try:
        allowed, period = file.read_text().split()
        return None if allowed == "max" else int(allowed) / int(period)
    except (OSError, ValueError):
        return None
