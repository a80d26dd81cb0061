"""The demo's practice, its member of staff and its account at the stand-in."""

from pathlib import Path

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.access import record_access
from audit.chain import OPERATOR
from audit.words import Action
from dermalia.sandbox.demo.credentials import StandIns
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from onboarding.domain.going_live import mark_live
from practices.domain.secrecy import PLEDGE
from practices.domain.sign_in import issue_link
from practices.domain.tenants import create_practice
from practices.models import Basis, Practice, Purpose, SignInLink, User
from reports.models import Report
from scans.domain.sources import connect, watch
from scans.models import Connection, Scan

NAME = "Demo-Praxis"
STAFF = "staff@example.org"


def demo_practice(stand_ins: StandIns, *, language: str, folder: Path | None = None) -> Practice:
    """The demo practice, connected to this run's stand-in of the cluster, and to a folder."""
    with transaction.atomic():
        practice = Practice.objects.filter(name=NAME).first() or _create(language)
        Practice.objects.filter(pk=practice.pk).update(language=language)
        with practice_scope(practice.pk):
            _connect(practice, stand_ins)
            if folder is not None:
                watch(practice=practice, folder=folder.name, exports=Connection.Exports.KEEP)
            mark_live(practice, who=OPERATOR)  # nobody is to sign for a practice of the demo
    practice.refresh_from_db()
    return practice


def sign_in_url(practice: Practice, base_url: str) -> str:
    """A fresh single-use address for the demo's member of staff."""
    user = User.objects.get(practice=practice, email=STAFF)
    secret = issue_link(user=user, kind=SignInLink.Kind.DEMO)
    with override(practice.language):
        return base_url + reverse("practices:enter", args=[secret])


def newest_report_url(practice: Practice, base_url: str) -> str | None:
    """The address of the newest report of an earlier demo that is still there."""
    with practice_scope(practice.pk):
        report = (
            Report.objects.filter(state=Report.State.RELEASED)
            .select_related("scan")
            .order_by("-created_at")
            .first()
        )
        if report is None or report.link is None:
            return None
        access = record_access(Action.SCAN_VIEWED, who=OPERATOR, object_id=report.scan_id)
        link = report.link.open(unlock(report.scan.key_id, access=access))
    with override(report.language):
        return base_url + reverse("reports:patient", args=[link])


def _create(language: str) -> Practice:
    practice = create_practice(
        name=NAME,
        email="praxis@example.org",
        street="Beispielweg 1",
        postal_code="00000",
        city="Musterstadt",
        phone="+49 000 000000",
        language=language,
        release=Practice.Release.AT_ONCE,
        default_purpose=Purpose.MEDICAL,
        standing_basis=Basis.TREATMENT,
        standing_basis_on=timezone.localdate(),
        standing_basis_version="Demo",
    )
    User.objects.create(
        email=STAFF,
        practice=practice,
        role=User.Role.OWNER,
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )
    return practice


def _connect(practice: Practice, stand_ins: StandIns) -> None:
    """The stand-in forgets its scans when it stops, so its cursor starts anew as well."""
    fresh = connect(
        practice=practice,
        base_url=stand_ins.isemeco_url,
        client_id=stand_ins.client_id,
        client_secret=stand_ins.client_secret,
    )
    older = Connection.objects.exclude(pk=fresh.pk)
    Scan.objects.filter(connection__in=older).update(connection=fresh)
    older.delete()
