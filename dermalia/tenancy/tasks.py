"""The base of every task that works for one practice."""

from typing import Any

from celery import Task
from django.apps import apps

from dermalia.tenancy.acting import acting_for
from dermalia.tenancy.scope import in_scope


class PracticeTask(Task):  # type: ignore[type-arg]
    """A task whose first argument is the practice's id; its domain function opens the scope.

    A worker's process runs one task after another: none may begin inside another's scope or
    leave its own behind.
    """

    abstract = True

    def __call__(self, practice_id: int, *args: Any) -> Any:
        """Run the task.

        Raises:
            TypeError: the first argument is no practice's id.
            LookupError: there is no such practice.
            RuntimeError: a scope was open before, or is left open.
        """
        if not isinstance(practice_id, int) or isinstance(practice_id, bool):
            raise TypeError(f"{self.name} works for one practice: its id comes first.")
        if in_scope():
            raise RuntimeError(f"{self.name} was called inside a practice's scope.")
        if not apps.get_model("practices", "Practice").objects.filter(pk=practice_id).exists():
            raise LookupError(f"{self.name}: there is no practice {practice_id}.")
        with acting_for(practice_id):
            result = super().__call__(practice_id, *args)
        if in_scope():
            raise RuntimeError(f"{self.name} left a practice's scope open.")
        return result
