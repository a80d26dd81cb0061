"""Tasks work for one practice, in a scope of their own."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery

from dermalia.celery import app
from dermalia.tenancy import NoPracticeScope, current_practice, practice_scope
from dermalia.tenancy.scope import in_scope
from dermalia.tenancy.tasks import PracticeTask
from dermalia.work.steps import all_steps
from practices.models import Practice
from retention.tasks import erase
from scans.models import Scan


def task(run: Any) -> Any:
    """A practice's task, as an application of its own would register it."""
    return Celery(set_as_current=False).task(base=PracticeTask, name=f"of.this.{run.__name__}")(run)


def test_every_step_of_work_is_a_practice_s_task() -> None:
    app.loader.import_default_modules()
    steps = {step.task for step in all_steps()}
    assert len(steps) >= 4
    assert {name for name in steps if not isinstance(app.tasks[name], PracticeTask)} == set()


@pytest.mark.parametrize("practice_id", [None, "7", True, 1.5])
def test_a_task_without_a_practice_s_id_does_nothing(practice_id: Any) -> None:
    with pytest.raises(TypeError, match=r"retention.tasks.erase works for one practice"):
        erase(practice_id, str(uuid4()))


def test_a_task_for_a_practice_that_is_gone_says_so(db: None) -> None:
    with pytest.raises(LookupError, match="there is no practice 4711"):
        erase(4711, str(uuid4()))


def test_a_task_does_not_begin_in_somebody_s_scope(practice: Practice) -> None:
    with practice_scope(practice.pk), pytest.raises(RuntimeError, match="inside a practice"):
        erase(practice.pk, str(uuid4()))


def test_a_task_has_no_scope_but_the_one_it_opens(practice: Practice) -> None:
    def forgetful(practice_id: int) -> int:
        return Scan.objects.count()

    def careful(practice_id: int) -> int:
        with practice_scope(practice_id):
            return current_practice()

    with pytest.raises(NoPracticeScope):
        task(forgetful)(practice.pk)
    assert task(careful)(practice.pk) == practice.pk
    assert not in_scope()


def test_a_task_that_leaves_its_scope_open_is_named(practice: Practice) -> None:
    standing: list[Iterator[None]] = []

    def endless(practice_id: int) -> Iterator[None]:
        with practice_scope(practice_id):
            yield

    def careless(practice_id: int) -> None:
        standing.append(endless(practice_id))
        next(standing[0])

    with pytest.raises(RuntimeError, match=r"of.this.careless left a practice's scope open"):
        task(careless)(practice.pk)
    standing.clear()  # closes the generator, and with it the scope
    assert not in_scope()
