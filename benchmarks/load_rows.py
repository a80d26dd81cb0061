"""Practices with many released reports and signed-in staff, without drawing a face for each."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from typing import Any
from unittest.mock import patch

SMALL = {"triangles": 4000, "texture_size": 256, "overlay_size": 128}
FULL = {"triangles": 200_000, "texture_size": 4096, "overlay_size": 2048}
_numbers = count(1)


@contextmanager
def cluster_of(capture: Any, *, scans: int) -> Iterator[Any]:
    """A stand-in that lists so many scans of one capture, each of a person of its own."""
    from django.conf import settings

    from dermalia.sandbox.isemeco import IsemecoStandIn

    with IsemecoStandIn(client_id="benchmark", client_secret="of this run") as cluster:  # noqa: S106
        settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, cluster.url]
        for number in range(scans):
            cluster.add_scan(capture, first_name="Demo", email=f"{number}@example.org")
        yield cluster


def live_practice() -> int:
    """The id of a practice that is live and releases its reports at once."""
    from django.utils import timezone

    from dermalia.tenancy import practice_scope
    from onboarding.models import GoLive
    from practices.domain.tenants import create_practice
    from practices.models import Basis, Practice, Purpose

    number = next(_numbers)
    practice = create_practice(
        name=f"Benchmark {number}",
        email=f"practice-{number}@example.org",
        release=Practice.Release.AT_ONCE,
        default_purpose=Purpose.AESTHETIC,
        standing_basis=Basis.CONSENT,
        standing_basis_on=timezone.localdate(),
        standing_basis_version="Benchmark",
    )
    with practice_scope(practice.pk):
        GoLive.objects.create(practice=practice)
    return practice.pk


def connected(practice_id: int, cluster: Any) -> int:
    """The id of the practice's connection to the cluster."""
    from dermalia.tenancy import practice_scope
    from practices.models import Practice
    from scans.domain.sources import connect

    with practice_scope(practice_id):
        return connect(
            practice=Practice.objects.get(pk=practice_id),
            base_url=cluster.url,
            client_id="benchmark",
            client_secret="of this run",  # noqa: S106
        ).pk


def take_in_all(practice_id: int, connection_id: int) -> None:
    """Discover, pull and convert whatever the cluster lists; equal captures are converted once."""
    from dermalia.tenancy import practice_scope
    from scans.domain.convert import convert_scan
    from scans.domain.discover import discover_scans
    from scans.domain.pull import pull_scan
    from scans.models import Scan

    discover_scans(practice_id=practice_id, connection_id=connection_id)
    with practice_scope(practice_id):
        ids = list(Scan.objects.values_list("pk", flat=True))
    for scan_id in ids:
        pull_scan(practice_id=practice_id, scan_id=scan_id)
        convert_scan(practice_id=practice_id, scan_id=scan_id)


@contextmanager
def one_conversion() -> Iterator[None]:
    """All scans taken in meanwhile are of one capture, so its conversion is made once."""
    from scans import conversion

    made: list[Any] = []

    def remembered(files: Any) -> Any:
        if not made:
            made.append(conversion.convert(files))
        return made[0]

    with patch("scans.domain.convert.convert", remembered):
        yield


def links_of(practice_id: int) -> list[str]:
    """The secret part of each report's address."""
    from audit.access import record_access
    from audit.chain import SYSTEM
    from audit.words import Action
    from dermalia.sealing.keys import unlock
    from dermalia.tenancy import practice_scope
    from reports.models import Report

    links = []
    with practice_scope(practice_id):
        for report in Report.objects.select_related("scan"):
            access = record_access(Action.REPORT_VIEWED, who=SYSTEM, object_id=report.pk)
            if report.link is None:
                raise SystemExit(f"A report was not released: {report.scan.last_error}")
            links.append(report.link.open(unlock(report.scan.key_id, access=access)))
    return links


def more_links(links: Sequence[str], number: int) -> list[str]:
    """So many links of their own that lead, in turn, to the reports of the given ones.

    A page is remembered by its link: nobody who comes by one of these is shown a page that was
    rendered for somebody else.
    """
    from django.conf import settings

    from reports.domain.links import ALPHABET, digest, find
    from reports.models import Link

    found = [report for link in links if (report := find(link)) is not None]
    texts = [
        "".join(secrets.choice(ALPHABET) for _ in range(settings.LINK_LENGTH))
        for _ in range(number)
    ]
    Link.objects.bulk_create(
        Link(digest=digest(text), practice_id=report.practice_id, report_id=report.report_id)
        for text, report in zip(texts, cycle(found))
    )
    return texts


def staff_cookie(practice_id: int) -> str:
    """Of somebody new at the practice, signed in by passkey and pledged to secrecy."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.utils import timezone

    from dermalia.clients import Browser, Client, Device
    from dermalia.tenancy import practice_scope
    from practices.browser_sessions import SessionStore
    from practices.domain.secrecy import PLEDGE
    from practices.domain.sessions import open_session
    from practices.entrance import STAFF_SESSION
    from practices.models import StaffSession, User

    user = User.objects.create(
        email=f"desk-{next(_numbers)}@example.org",
        practice_id=practice_id,
        role=User.Role.STAFF,
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )
    with practice_scope(practice_id):
        client = Client("", Browser.OTHER, Device.OTHER)
        opened = open_session(user=user, factor=StaffSession.Factor.PASSKEY, client=client)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[STAFF_SESSION] = str(opened.pk)
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
