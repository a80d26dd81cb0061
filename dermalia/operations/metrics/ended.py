"""What processes that ended have counted goes into one file of each kind, and theirs go.

A counter never falls, so what they counted has to stay; only their files, of 64 kB each, need not.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from dermalia.operations.metrics.place import SIGN, lives, locked

logger = logging.getLogger(__name__)

ENDED = "ended"  # a folder beside those of the hosts
KINDS = ("counter", "histogram")  # what adds up; of gauges, the library deletes those of the living
_TAKEN = ".taken"


def put_together(folder: Path | None) -> None:
    """Add up what the dead left below the folder. What cannot be now, is at the next call."""
    if folder is None or not folder.is_dir():
        return
    try:
        with locked(folder):
            put_together_locked(folder)
    except OSError:
        logger.warning("What ended processes counted stays in their files.", exc_info=True)


def put_together_locked(folder: Path) -> None:
    """As ``put_together``, by whoever holds the folder's lock.

    Raises:
        OSError: a file belongs to somebody else, or there is no room; nothing is lost by it.
    """
    for kind in KINDS:
        _recover(folder, kind)
    dead = [each for each in _signs(folder) if not lives(each)]
    if not dead:
        return
    (folder / ENDED).mkdir(exist_ok=True)
    for kind in KINDS:
        left = (each.with_name(f"{kind}_{each.stem}.db") for each in dead)
        _take_in(folder, kind, [each for each in left if each.exists()])
    for sign in dead:
        mark_process_dead(sign.stem, path=str(sign.parent))  # type: ignore[no-untyped-call]
        sign.unlink()
    for place in {each.parent for each in dead}:
        if not any(place.iterdir()):
            place.rmdir()


def _take_in(folder: Path, kind: str, left: list[Path]) -> None:
    """At every moment either the old files count or the new one; ``_recover`` ends what broke off.

    The new one is there from before the first is taken until it takes the place of the total.
    """
    if not left:
        return
    total, new = _total(folder, kind)
    new.touch()
    taken = [each.rename(each.with_suffix(_TAKEN)) for each in left]
    _write(new, _sums([*taken, total] if total.exists() else taken))
    new.replace(total)
    for each in taken:
        each.unlink()


def _recover(folder: Path, kind: str) -> None:
    _, new = _total(folder, kind)
    for each in folder.glob(f"*/{kind}_*{_TAKEN}"):
        if new.exists():
            each.rename(each.with_suffix(".db"))
        else:
            each.unlink()
    new.unlink(missing_ok=True)


def _sums(files: Iterable[Path]) -> dict[str, float]:
    sums: defaultdict[str, float] = defaultdict(float)
    for file in files:
        if file.stat().st_size:  # a process may end before it wrote the first
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]
                sums[key] += value
    return sums


def _write(file: Path, sums: dict[str, float]) -> None:
    written = MmapedDict(str(file))  # type: ignore[no-untyped-call]
    try:
        for key, value in sums.items():
            written.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    finally:
        written.close()  # type: ignore[no-untyped-call]


def _total(folder: Path, kind: str) -> tuple[Path, Path]:
    """What all the dead counted, and where its successor is written."""
    return folder / ENDED / f"{kind}_total.db", folder / ENDED / f"{kind}_total.new"


def _signs(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/*{SIGN}"))
