"""Every address × every kind of visitor. An address without a row here fails."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.chain import OPERATOR
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.sign_in import issue_link
from practices.models import Practice, User
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset
from tests.conftest import link_in_mail

VISITORS = ("anonymous", "outsider", "reader", "staff", "owner")
SIGN_IN, GONE = 302, 404
INSIDE = {"anonymous": SIGN_IN, "outsider": GONE, "reader": 200, "staff": 200, "owner": 200}
OWN = {"anonymous": SIGN_IN, "outsider": 200, "reader": 200, "staff": 200, "owner": 200}
ANYBODY = dict.fromkeys(VISITORS, 200)

# The answer to a GET, by address and visitor. "outsider" is the owner of another practice.
EXPECTED: dict[str, dict[str, int]] = {
    "public:home": ANYBODY,
    "practices:enter": ANYBODY,
    "practices:signed_out": ANYBODY,
    "practices:sign_out": dict.fromkeys(VISITORS, 405),
    "reports:patient": ANYBODY,  # the gate; the link is the permission
    "reports:patient_file": dict.fromkeys(VISITORS, 403),  # not opened yet
    "reports:patient_pdf": dict.fromkeys(VISITORS, 403),  # not opened yet
    "reports:scan_list": OWN,
    "reports:scan_detail": INSIDE,
    "reports:scan_file": INSIDE,
    "reports:scan_pdf": INSIDE,
    "reports:scan_model": INSIDE,
    "reports:accent": ANYBODY,
    "retention:confirm_erasure": {**INSIDE, "reader": 403},
    "retention:receipt": INSIDE,
}


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        else:
            yield f"{prefix}{pattern.name}"


def test_every_address_has_a_row() -> None:
    assert sorted(names(get_resolver().url_patterns)) == sorted(EXPECTED)


@pytest.fixture
def addresses(
    report: Report, mailbox: ResendStandIn, staff_user: User
) -> dict[str, Callable[[], str]]:
    """Each address, pointing at objects of the practice under test."""
    link = link_in_mail(report, mailbox).rstrip("/").rsplit("/", 1)[1]
    scan = report.scan
    with practice_scope(report.practice_id):
        asset = Asset.objects.filter(scan=scan, kind="model").get()

    def receipt() -> str:
        with practice_scope(report.practice_id):
            erasure = request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR)
        return reverse("retention:receipt", args=[erasure.pk])

    arguments: dict[str, list[Any]] = {
        "practices:enter": [issue_link(user=staff_user)],
        "reports:patient": [link],
        "reports:patient_file": [link, asset.pk],
        "reports:patient_pdf": [link],
        "reports:scan_detail": [scan.pk],
        "reports:scan_file": [scan.pk, asset.pk],
        "reports:scan_pdf": [scan.pk],
        "reports:scan_model": [scan.pk],
        "reports:accent": ["0e5a61"],
        "retention:confirm_erasure": [scan.pk],
    }
    fixed = {
        name: (lambda name=name: reverse(name, args=arguments.get(name, [])))
        for name in EXPECTED
        if name != "retention:receipt"
    }
    return fixed | {"retention:receipt": receipt}


def sign_in(client: Client, visitor: str, practice: Practice, other: Practice) -> None:
    if visitor == "anonymous":
        return
    role = User.Role.OWNER if visitor == "outsider" else User.Role(visitor)
    owner = other if visitor == "outsider" else practice
    user = User.objects.create(email=f"{visitor}@visitors.example.org", practice=owner, role=role)
    client.force_login(user)


@pytest.mark.parametrize("visitor", VISITORS)
def test_who_may_see_what(
    client: Client,
    practice: Practice,
    other_practice: Practice,
    addresses: dict[str, Callable[[], str]],
    visitor: str,
) -> None:
    sign_in(client, visitor, practice, other_practice)
    # The receipt comes last: it erases what the other addresses show.
    ordered = sorted(EXPECTED, key=lambda name: name == "retention:receipt")
    answers = {name: client.get(addresses[name]()).status_code for name in ordered}
    assert answers == {name: EXPECTED[name][visitor] for name in ordered}


@pytest.mark.parametrize("visitor", ["anonymous", "outsider", "reader"])
def test_who_may_not_erase(
    client: Client,
    practice: Practice,
    other_practice: Practice,
    report: Report,
    visitor: str,
) -> None:
    sign_in(client, visitor, practice, other_practice)
    typed = {"confirmation": report.scan.scan_identifier[-4:]}
    answer = client.post(reverse("retention:confirm_erasure", args=[report.scan_id]), typed)
    assert answer.status_code == {"anonymous": 302, "outsider": 404, "reader": 403}[visitor]
    with practice_scope(practice.pk):
        assert Report.objects.filter(pk=report.pk).exists()
