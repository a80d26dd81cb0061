"""Each setting that was seen to lose or double work is named when somebody makes it."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as project
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from dermalia.work import steps
from dermalia.work.checks import require_sound_settings
from dermalia.work.engine import TooLongInRedis
from tests.conftest import process_environment
from tests.work.conftest import configure


def named() -> set[str]:
    return {str(message.id) for message in run_checks(tags=["jobs"])}


def options(**changes: object) -> dict[str, object]:
    return {**current_app.conf.broker_transport_options, **changes}


def beat(**entry: object) -> dict[str, object]:
    return {"one": {"task": "scans.tasks.discover_all", "schedule": 5.0, **entry}}


def test_the_settings_as_they_are_pass() -> None:
    assert run_checks(tags=["jobs"]) == []


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("task_acks_late", False, "jobs.E001"),
        ("task_reject_on_worker_lost", True, "jobs.E002"),
        ("worker_prefetch_multiplier", 4, "jobs.E003"),
        ("worker_prefetch_multiplier", 0, "jobs.E003"),
        ("task_ignore_result", False, "jobs.E004"),
        ("task_soft_time_limit", 150, "jobs.E006"),
        ("task_soft_time_limit", None, "jobs.E006"),
        ("task_time_limit", 180, "jobs.E006"),
        ("task_time_limit", None, "jobs.E006"),
        ("visibility_timeout", 60, "jobs.E007"),
        ("result_backend_transport_options", {}, "jobs.E007"),
        ("task_publish_retry", True, "jobs.E008"),
        ("broker_connection_max_retries", 100, "jobs.E012"),
        ("broker_connection_retry_on_startup", False, "jobs.E012"),
        ("broker_connection_retry", False, "jobs.E012"),
        ("beat_schedule", {"one": {"task": "no.such", "schedule": 5}}, "jobs.E015"),
        ("beat_schedule", beat(options={"countdown": 4000}), "jobs.E016"),
    ],
)
def test_a_celery_setting_that_loses_or_doubles_work_is_named(
    setting: str, value: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, **{setting: value})
    assert named() == {name}


@pytest.mark.parametrize(
    ("option", "value", "names"),
    [
        ("visibility_timeout", 150, {"jobs.E006", "jobs.E007"}),
        ("visibility_timeout", None, {"jobs.E006", "jobs.E007"}),
        ("max_retries", None, {"jobs.E009"}),
        ("socket_connect_timeout", None, {"jobs.E010"}),
        ("socket_timeout", None, {"jobs.E010"}),
        ("socket_timeout", 60, {"jobs.E010"}),
    ],
)
def test_an_option_of_the_connection_that_does_harm_is_named(
    option: str, value: object, names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = options(**{option: value})
    configure(monkeypatch, broker_transport_options=changed)
    assert named() == names


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("WORK_LEASE_SECONDS", 150, "jobs.E006"),
        ("WORK_LEASE_SECONDS", 3600, "jobs.E006"),
        ("WORK_NUDGE_TIMEOUT_SECONDS", 6, "jobs.E011"),
        ("WORK_NUDGE_TIMEOUT_SECONDS", 0, "jobs.E011"),
        ("WORK_PERIODIC", {"no.such": 5.0}, "jobs.E015"),
        ("WORK_SWEEP_SECONDS", 60, "jobs.E017"),
    ],
)
def test_a_setting_of_our_own_that_does_harm_is_named(
    setting: str, value: object, name: str, settings: Settings
) -> None:
    setattr(settings, setting, value)
    assert named() == {name}


@pytest.mark.parametrize(
    ("change", "name"),
    [({"task": "scans.tasks.no_such"}, "jobs.E013"), ({"queue": "nobody"}, "jobs.E014")],
)
def test_rows_that_nobody_would_work_off_are_named(
    change: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = steps.all_steps()
    broken: Any = replace(first, **change)
    monkeypatch.setattr(steps, "_steps", [broken, *others])
    assert named() == {name}


@pytest.mark.parametrize(
    ("attribute", "value", "name"),
    [
        ("acks_late", False, "jobs.E005"),
        ("reject_on_worker_lost", True, "jobs.E005"),
        ("time_limit", 400, "jobs.E006"),
    ],
)
def test_a_task_that_goes_its_own_way_is_named(
    attribute: str, value: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_app.tasks["scans.tasks.pull"], attribute, value)
    assert named() == {name}


def test_the_sentence_says_which_setting_and_why(settings: Settings) -> None:
    settings.WORK_LEASE_SECONDS = 100
    with pytest.raises(ImproperlyConfigured, match=r"the lease \(WORK_LEASE_SECONDS\) is 100 s"):
        require_sound_settings(current_app)


@pytest.mark.processes
def test_a_worker_refuses_to_start_with_them(django_db_setup: None) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "celery", "--app=dermalia", "--quiet", "worker", "--pool=solo"],
        env=process_environment(DERMALIA_WORK_LEASE_SECONDS="100"),
        cwd=project.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode != 0
    assert "This worker does not start" in ended.stderr
    assert "soft limit < hard limit < lease < visibility timeout" in ended.stderr


def test_a_message_cannot_be_delayed_beyond_the_visibility_timeout() -> None:
    task = current_app.tasks["retention.tasks.erase_due"]
    for delay in ({"countdown": 3600}, {"eta": datetime.now(UTC) + timedelta(hours=2)}):
        with pytest.raises(TooLongInRedis):
            task.apply_async(**delay)


def test_every_task_is_routed_to_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermalia.work.checks.WORKERS", {"one": ("ingest,convert,mail,backup", 1)})
    assert named() == {"jobs.E018"}


def test_a_step_on_another_queue_than_its_task_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = steps.all_steps()
    monkeypatch.setattr(steps, "_steps", [replace(first, queue="mail"), *others])
    assert named() == {"jobs.E014"}
