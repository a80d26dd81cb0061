"""Telling a worker that a row is due. A lost nudge costs a few seconds, never a row."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connections, transaction

from dermalia.tenancy import current_practice
from dermalia.work import broker
from dermalia.work.due import due_rows, mark_told
from dermalia.work.models import Work
from dermalia.work.steps import all_steps, queues, step_for

# Any number that nothing else in this database locks.
SWEEP_LOCK = 0x6465726D


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep did: rows told of, and whether due rows are left that nobody was told of."""

    told: int
    left: bool


def nudge(model: type[Work], pk: object, *, state: str) -> None:
    """After this transaction commits, tell a worker of the row (in the practice in scope)."""
    step = step_for(model, state)
    if step is None:
        return
    practice_id = current_practice()
    transaction.on_commit(lambda: broker.tell(step, practice_id, pk), robust=True)


def sweep() -> Sweep | None:
    """Tell workers of due rows of every practice that nobody was told of lately.

    A queue is only filled up to ``broker.QUEUE_ENOUGH``, practices in turn. An empty queue
    means that whoever was told has forgotten, as after a loss of Redis: then all due rows are
    told of again.

    Returns:
        None if another worker is sweeping at this moment.

    Raises:
        BrokerAway: nobody can be told of anything.
    """
    # The lock ends with the transaction, also when this process or its connection dies.
    with transaction.atomic(using="sweeper"):
        if not _take_lock():
            return None
        swept = [each for queue in queues() for each in _sweep_queue(queue)]
    return Sweep(told=sum(one.told for one in swept), left=any(one.left for one in swept))


def _take_lock() -> bool:
    with connections["sweeper"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SWEEP_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def _sweep_queue(queue: str) -> Iterator[Sweep]:
    waiting = broker.waiting(queue)
    room = max(broker.QUEUE_ENOUGH - waiting, 0)
    steps = [step for step in all_steps() if step.queue == queue]
    due = [due_rows(step, limit=room + 1, again=waiting == 0) for step in steps]
    shares = _shares([len(rows) for rows in due], room)
    for step, rows, share in zip(steps, due, shares, strict=True):
        told = rows[:share]
        if told:
            broker.tell_all(step, told)
            mark_told(step, told)
        yield Sweep(told=len(told), left=len(rows) > share)


def _shares(wanted: list[int], room: int) -> list[int]:
    """The room shared out: a thousand rows in one state leave room for one in another.

    What one does not need the others get.
    """
    shares = [0] * len(wanted)
    ascending = sorted(range(len(wanted)), key=wanted.__getitem__)
    for turn, place in enumerate(ascending):
        shares[place] = min(wanted[place], room // (len(wanted) - turn))
        room -= shares[place]
    return shares
