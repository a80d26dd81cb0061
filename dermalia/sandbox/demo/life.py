"""The life of one scan, driven and timed through the running application."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

import requests
from django.db.models import Sum

from audit.chain import OPERATOR, first_broken
from dermalia.sandbox.demo.credentials import StandIns
from dermalia.sandbox.demo.patient import DemoFailed, is_gone, open_report, wait_for_link
from dermalia.sandbox.face import make_capture
from dermalia.sandbox.isemeco import export_capture
from dermalia.sealing import objects
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset, Scan

PATIENCE_SECONDS = 120
T = TypeVar("T")


@dataclass
class Account:
    """What happened, with seconds for each stage."""

    stages: dict[str, float] = field(default_factory=dict)
    scans: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    triangles: int = 0
    report_url: str = ""
    mail_received: bool = False
    erasure_seconds: float = 0.0
    objects_left: int = 0
    audit_verified: bool = False

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; repeated stages add up."""
        began = time.perf_counter()
        yield
        spent = self.stages.get(name, 0.0) + time.perf_counter() - began
        self.stages[name] = round(spent, 3)


def take_scan(stand_ins: StandIns) -> None:
    """Let the stand-in capture its synthetic face."""
    form = {"first_name": "Demo", "email": "patient@example.org"}
    answer = requests.post(f"{stand_ins.isemeco_url}/take-scan", data=form, timeout=60)
    answer.raise_for_status()


def lay_export(folder: Path) -> Path:
    """Export a synthetic face as a scanner without a cluster does. Returns where it lies."""
    return export_capture(
        make_capture(seed=secrets.randbelow(1000)),
        folder,
        scan_id=f"demo-{uuid4().hex[:8]}",
        first_name="Demo",
        email="patient@example.org",
    )


def await_web(base_url: str) -> None:
    """Wait until the web server answers."""
    until(lambda: _answers(base_url), "the web server does not answer")


def known_scans(practice: Practice) -> set[UUID]:
    """The scans that are there already, from an earlier demo on the same data."""
    with practice_scope(practice.pk):
        return set(Scan.objects.values_list("pk", flat=True))


def live(
    account: Account,
    practice: Practice,
    stand_ins: StandIns,
    *,
    known: set[UUID],
    seen: set[str],
) -> None:
    """Follow the next scan that is not known yet to its end, and add it to the account.

    Raises:
        DemoFailed: a stage did not do what is promised of it.
    """
    with account.stage("capture and discover"):
        scan_id = until(lambda: _next_scan(practice, known), "no scan was discovered")
    known.add(scan_id)
    with account.stage("pull and seal"):
        until(lambda: _reached(practice, scan_id, "stored_at"), "the scan was not stored")
    with account.stage("convert"):
        until(lambda: _reached(practice, scan_id, "ready_at"), "the scan was not converted")
    with account.stage("mail"):
        link = until(
            lambda: wait_for_link(stand_ins.resend_url, seen=seen), "no mail with a link came"
        )
    account.mail_received, account.report_url = True, link
    with account.stage("open"):
        open_report(link)
    prefix = _note_sizes(account, practice, scan_id)
    with account.stage("erase"):
        erasure = _erase(practice, scan_id)
    account.erasure_seconds = max(account.erasure_seconds, round(erasure.seconds or 0.0, 3))
    account.objects_left += len(objects.list_prefix(prefix))
    if not is_gone(link):
        raise DemoFailed("the link still works after the erasure")
    account.scans += 1
    with practice_scope(practice.pk):
        account.audit_verified = first_broken() is None


def until(look: Callable[[], T | None], otherwise: str) -> T:
    """Look again and again until there is something to see."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise DemoFailed(otherwise)


def _answers(base_url: str) -> bool:
    try:
        return requests.get(base_url, timeout=5).ok
    except requests.RequestException:
        return False


def _next_scan(practice: Practice, known: set[UUID]) -> UUID | None:
    with practice_scope(practice.pk):
        fresh = Scan.objects.exclude(pk__in=known).order_by("discovered_at")
        return fresh.values_list("pk", flat=True).first()


def _reached(practice: Practice, scan_id: UUID, column: str) -> bool:
    with practice_scope(practice.pk):
        scan = Scan.objects.get(pk=scan_id)
    if scan.quarantined_at:
        raise DemoFailed(f"the scan was set aside: {scan.last_error}")
    return getattr(scan, column) is not None


def _note_sizes(account: Account, practice: Practice, scan_id: UUID) -> str:
    with practice_scope(practice.pk):
        scan = Scan.objects.get(pk=scan_id)
        assets = Asset.objects.filter(scan=scan)
        sums = dict(assets.values_list("origin").annotate(sum=Sum("bytes")))
    account.bytes_in += sums.get("raw", 0)
    account.bytes_out += sums.get("derived", 0)
    account.triangles += scan.triangles or 0
    return scan.prefix


def _erase(practice: Practice, scan_id: UUID) -> Erasure:
    with practice_scope(practice.pk):
        scan = Scan.objects.get(pk=scan_id)
        erasure = request_erasure(scan=scan, reason=Erasure.Reason.OPERATOR, who=OPERATOR)

    def verified() -> Erasure | None:
        with practice_scope(practice.pk):
            return Erasure.objects.filter(pk=erasure.pk, verified_at__isnull=False).first()

    return until(verified, "the erasure was not verified")
