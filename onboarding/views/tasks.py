"""The list of tasks that leads to the first patient."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from onboarding.domain.acceptance import newer_waits
from onboarding.domain.gates import Gate, gates
from practices.access import StaffRequest, practice_page
from practices.domain.standing import standing

# How long a task takes, in minutes, for somebody who has everything at hand.
MINUTES = {
    "practice": 3,
    "factor": 2,
    "billing": 1,
    "agreement": 15,
    "oversight": 3,
    "retention": 3,
    "documents": 10,
    "scanner": 5,
    "trial": 5,
}
_ELSEWHERE = {"factor": "practices:account", "scanner": "onboarding:scanners"}


@dataclass(frozen=True, slots=True)
class Task:
    """A gate as something to do; without an address it is for the operator to do."""

    gate: Gate
    url: str
    minutes: int | None

    @property
    def reason(self) -> str | Promise:
        return self.gate.reason


@require_safe
@practice_page(owners=True)
def task_list(request: StaffRequest) -> HttpResponse:
    """Every task with where it stands; what is left can be done in any order, at any time."""
    tasks = [_task(gate) for gate in gates(request.user.practice)]
    left = [task for task in tasks if not task.gate.open]
    context = {
        "practice": request.user.practice,
        "tasks": tasks,
        "done": len(tasks) - len(left),
        "minutes": sum(task.minutes or 0 for task in left),
        "next": next((task for task in left if task.url), None),
        "ready": not left,
        "is_live": standing().is_live(),
        "newer_waits": newer_waits(),
    }
    return render(request, "onboarding/tasks.html", context)


def _task(gate: Gate) -> Task:
    minutes = MINUTES.get(gate.key)
    if minutes is None:
        return Task(gate, "", None)
    return Task(gate, reverse(_ELSEWHERE.get(gate.key, f"onboarding:{gate.key}")), minutes)
