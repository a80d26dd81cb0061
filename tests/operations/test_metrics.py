"""Numbers for Prometheus: true, cheap, and about nobody."""

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from audit.checkpointing import make_checkpoint
from dermalia.operations.discovery import discover
from dermalia.operations.metrics import counters, figures
from dermalia.operations.metrics.server import exposition, server
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from retention.models import Erasure
from retention.tasks import watch
from scans.models import Scan
from tests.work.rows import change, scan_of

discover()
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def tenant(committed: None) -> Practice:
    return create_practice(name="Demo practice", email="practice@example.org")


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shown(folder: Path | None = None) -> Samples:
    return samples(exposition(folder).decode())


def value(found: Samples, name: str, **labels: str) -> float:
    return found[f"dermalia_{name}", frozenset(labels.items())]


def test_queues_leases_and_rows_set_aside_are_counted(tenant: Practice) -> None:
    now = timezone.now()
    due, held, dead, aside = (scan_of(tenant, f"S-{number}") for number in range(4))
    change(due, next_attempt_at=now - timedelta(minutes=10))
    change(held, leased_until=now + timedelta(minutes=1), leased_by="a")
    change(dead, leased_until=now - timedelta(minutes=1), leased_by="b", next_attempt_at=now)
    change(aside, quarantined_at=now)
    found = shown()
    assert value(found, "queue_due", queue="ingest") == 2
    assert 600 <= value(found, "queue_age_seconds", queue="ingest") < 660
    assert value(found, "queue_age_seconds", queue="erase") == 0
    assert value(found, "leases", kind="scan") == 1
    assert value(found, "leases_expired", kind="scan") == 1
    assert value(found, "quarantined", kind="scan") == 1


def test_the_lag_of_erasures_is_told_and_what_the_watch_found(tenant: Practice) -> None:
    with practice_scope(tenant.pk):
        for minutes in (0, 5):
            Erasure.objects.create(
                practice=tenant, reason="staff", scan_id=uuid4(), key_id=uuid4(), prefix="a" * 32,
                requested_at=timezone.now() - timedelta(minutes=minutes),
            )  # fmt: skip
    watch()
    found = shown()
    assert value(found, "erasures_waiting") == 2
    assert value(found, "erasures_late") == 1
    assert 300 <= value(found, "erasure_lag_seconds") < 360
    assert value(found, "due_not_erased") == 0
    assert value(found, "watch_known") == 1
    assert value(found, "watch_age_seconds") < 60


def test_checkpoint_backup_drill_and_mail_figures_are_there(tenant: Practice) -> None:
    make_checkpoint()
    found = shown()
    assert value(found, "checkpoint_age_seconds") < 60
    assert value(found, "backup_known", kind="data") == 0
    assert value(found, "drill_known") == 0
    assert value(found, "erasure_drill_known") == 0
    assert value(found, "erasure_drill_failed") == 0
    assert value(found, "ledger_waiting") == 0
    assert value(found, "mails", to="patients", state="bounced") == 0
    assert value(found, "mail_age_seconds", to="staff") >= 0


def test_no_number_needs_more_queries_with_more_practices(tenant: Practice) -> None:
    def queries() -> int:
        with (
            CaptureQueriesContext(connections["sweeper"]) as swept,
            CaptureQueriesContext(connections["default"]) as other,
        ):
            list(figures.Figures().collect())
        return len(swept) + len(other)

    queries()
    with_one = queries()
    for number in range(3):
        scan_of(create_practice(name="Demo", email=f"{number}@example.org"))
    assert queries() == with_one < 60


def test_no_label_is_an_id_or_a_name(tenant: Practice) -> None:
    scan = scan_of(tenant)
    words = {word for _, labels in shown() for _, word in labels}
    assert not words & {str(tenant.pk), str(scan.pk), tenant.name}
    assert {name for _, labels in shown() for name, _ in labels} == {
        "collector", "kind", "queue", "state", "to"
    }  # fmt: skip


def test_a_collector_that_breaks_is_told_and_stops_no_other(
    tenant: Practice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @figures.collector
    def broken() -> Iterator[figures.Figure]:
        yield figures.Figure("never_shown", "Half of what was to come.", 1)
        raise OSError("storage is away")

    name = next(name for name in figures.names() if name.endswith("broken"))
    try:
        found = shown()
    finally:
        figures._collectors.pop(name)
    assert value(found, "collector_up", collector=name) == 0
    assert value(found, "collector_up", collector="dermalia.operations.watched.jobs.jobs") == 1
    assert "the figures of" in caplog.text
    assert ("dermalia_never_shown", frozenset()) not in found


def counted(name: str, **labels: str) -> float:
    return counters.REGISTRY.get_sample_value(f"dermalia_{name}", labels) or 0.0


def test_requests_are_timed_by_the_name_of_their_address(client: Client, db: None) -> None:
    live = {"view": "health:live", "method": "GET", "status": "2xx"}
    gone = {"view": "none", "method": "other", "status": "4xx"}
    before = counted("request_seconds_count", **live), counted("request_seconds_count", **gone)
    client.get("/health/live")
    client.generic("BREW", "/Testperson/")
    assert counted("request_seconds_count", **live) == before[0] + 1
    assert counted("request_seconds_count", **gone) == before[1] + 1


def test_a_row_that_a_dead_worker_left_counts_as_recovered(tenant: Practice) -> None:
    from dermalia.work.lease import claim

    scan = scan_of(tenant)
    before = counted("lease_recoveries_total", kind="scan")
    claim(Scan, scan.pk, practice_id=tenant.pk, state=scan.state)
    assert counted("lease_recoveries_total", kind="scan") == before
    change(scan, leased_until=timezone.now() - timedelta(seconds=1))
    claim(Scan, scan.pk, practice_id=tenant.pk, state=scan.state)
    assert counted("lease_recoveries_total", kind="scan") == before + 1


@pytest.mark.processes
def test_what_several_processes_counted_is_added_up(tmp_path: Path, committed: None) -> None:
    """Also what one counted that has ended since, and one on a host of the same folder."""
    count = (
        "from dermalia.operations.metrics import counters\n"
        "counters.KEY_FAILURES.labels(outcome='refused').inc(2)\n"
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{count}"],
            env={
                **os.environ,
                "DERMALIA_METRICS_DIR": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "dermalia.settings",
            },
            cwd=settings.BASE_DIR,
            check=True,
        )
    assert value(shown(tmp_path), "key_failures_total", outcome="refused") == 4


@pytest.fixture
def address(committed: None) -> Iterator[str]:
    token = "a token of more than thirty-two characters"
    with server("127.0.0.1", 0, folder=None, token=token) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def fetch(url: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def test_the_numbers_are_shown_to_whoever_has_the_token(address: str) -> None:
    token = "a token of more than thirty-two characters"
    assert fetch(f"{address}/metrics")[0] == 401
    assert fetch(f"{address}/metrics", token + "!")[0] == 401
    assert fetch(f"{address}/", token)[0] == 404
    status, text = fetch(f"{address}/metrics", token)
    assert status == 200
    assert samples(text)


def test_others_see_nothing_without_a_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "short"
    for bind in ("0.0.0.0:0", "[::]:0", "metrics.internal:0"):
        with pytest.raises(CommandError, match="DERMALIA_METRICS_TOKEN"):
            call_command("metrics", bind=bind)
    with pytest.raises(CommandError, match="not host:port"):
        call_command("metrics", bind="nowhere")


def test_the_web_server_itself_shows_none(client: Client, db: None) -> None:
    assert client.get("/metrics").status_code == 404
