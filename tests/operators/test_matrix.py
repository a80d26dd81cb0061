"""Every address of the admin's host × every stage of coming in. One without a row fails."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from dermalia.tenancy import practice_scope
from operators.domain.links import issue_link
from operators.hosts import URLCONF
from operators.models import Incident, Operator, OperatorPasskey
from operators.site import site
from practices.models import User
from reports.models import Report
from scans.models import Asset, Scan
from tests.operators.conftest import Desk

pytestmark = [pytest.mark.usefixtures("committed")]
# Who "staff" is brings the cookie of an owner's session in the dashboard.
STAGES = ("anonymous", "staff", "by_link", "one_passkey", "no_reason", "ready")
AWAY, OUTSIDE = 302, {"anonymous": 302, "staff": 302}
READY = {**dict.fromkeys(STAGES, AWAY), "ready": 200}
NOT_BY_GET = dict.fromkeys(STAGES, 405)

# The answer to a GET, by address and stage. Lists and rows of the admin are all READY.
EXPECTED: dict[str, dict[str, int]] = {
    "sign_in": dict.fromkeys(STAGES, 200),
    "question": NOT_BY_GET,
    "sign_out": NOT_BY_GET,
    "enter": dict.fromkeys(STAGES, 200),
    "passkeys": {**dict.fromkeys(STAGES, 200), **OUTSIDE},
    "new_question": NOT_BY_GET,
    "add_passkey": NOT_BY_GET,
    "unlock_passkeys": NOT_BY_GET,
    "remove_passkey": NOT_BY_GET,
    "errand": {**READY, "no_reason": 200},
    "confirm_link": READY,
    "deactivate_operator": READY,
    "retry_job": READY,
    "open_report": READY,
    "report": dict.fromkeys(STAGES, AWAY),  # nobody has opened it yet
    "report_file": {**READY, "ready": 403},
    "register_incident": READY,
    "change_incident": READY,
    "write_account": READY,
    "trace_incident": READY,
    "notify_practices": READY,
    "close_incident": READY,
    "admin:index": READY,
}


def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, space)
        else:
            yield f"{prefix}{pattern.name}"


def test_every_address_has_a_row() -> None:
    lists = {
        f"admin:{model._meta.label_lower.replace('.', '_')}_{way}"
        for model in site._registry
        for way in ("changelist", "change")
    }
    assert set(names(get_resolver(URLCONF).url_patterns)) == set(EXPECTED) | lists


@pytest.fixture
def addresses(admin: Desk, report: Report) -> dict[str, str]:
    """Each address, pointing at what is there."""
    with practice_scope(report.practice_id):
        Scan.objects.update(quarantined_at=timezone.now(), attempts=3)
        asset = Asset.objects.filter(kind="still").latest("stored_at")
    secret, link = issue_link(name="Demo Second")
    leaving = Operator.objects.create(name="Demo Third")
    incident = Incident.objects.create(
        noticed_at=timezone.now(),
        severity="low",
        natures=["c"],
        data_classes=["email"],
        discovery="An alarm",
        registered_by=admin.operator,
    )
    found = [report.practice_id, report.pk]
    arguments: dict[str, list[Any]] = {
        "enter": [secret],
        "remove_passkey": [uuid4()],
        "confirm_link": [link.pk],
        "deactivate_operator": [leaving.handle],
        "retry_job": ["scans.scan", report.practice_id, report.scan_id],
        "open_report": found,
        "report": found,
        "report_file": [*found, asset.pk],
        "write_account": [incident.pk, "de"],
        **{
            name: [incident.pk]
            for name in ("change_incident", "trace_incident", "notify_practices", "close_incident")
        },
    }
    return {
        name: reverse(name, urlconf=URLCONF, args=arguments.get(name, [])) for name in EXPECTED
    } | {
        f"list of {model._meta.label}": f"/{model._meta.app_label}/{model._meta.model_name}/"
        for model in site._registry
    }


@pytest.mark.parametrize("stage", STAGES)
def test_who_may_see_what(
    addresses: dict[str, str], admin: Desk, report: Report, stage: str
) -> None:
    client = at_stage(stage, admin, report)
    answers = {name: client.get(address).status_code for name, address in addresses.items()}
    assert answers == {name: EXPECTED.get(name, READY)[stage] for name in addresses}


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "ready"])
def test_who_may_do_nothing(
    addresses: dict[str, str], admin: Desk, report: Report, stage: str
) -> None:
    client = at_stage(stage, admin, report)
    typed = {"reason": "Something long enough", "answer": "{}"}
    open_to_them = {"sign_in", "question", "enter", "sign_out", "errand"}
    if stage == "by_link":
        open_to_them.add("new_question")  # what the link is for
    for name, address in addresses.items():
        if name not in open_to_them and not name.startswith("list of"):
            assert client.post(address, typed).status_code in {302, 401, 403, 404, 405}, name
    assert Incident.objects.get().closed_at is None
    assert Operator.objects.filter(is_active=True, name="Demo Third").exists()
    with practice_scope(report.practice_id):
        assert Scan.objects.get().quarantined_at is not None


def at_stage(stage: str, admin: Desk, report: Report) -> Client:
    if stage == "ready":
        return admin.client
    desk = Desk(first=admin.first)
    if stage == "staff":
        owner = User.objects.create(email="o@example.org", practice=report.practice, role="owner")
        desk.client.force_login(owner)
    if stage in {"no_reason", "one_passkey"}:
        assert desk.sign_in().status_code == 302
    if stage == "one_passkey":
        OperatorPasskey.objects.latest("created_at").delete()
    if stage == "by_link":
        secret, link = issue_link(name="Demo Fourth")
        assert admin.do(f"/links/{link.pk}/confirm/", {"reason": "They asked me to"}).status_code
        assert desk.enter(secret).status_code == 302
    return desk.client


def test_the_addresses_of_the_admin_lead_nowhere_on_the_public_host(
    addresses: dict[str, str], admin: Desk
) -> None:
    public = Client()
    public.cookies.update(dict(admin.client.cookies))
    elsewhere = {"sign_in", "admin:index", "enter", "question", "sign_out"}  # other pages of staff
    for name, address in addresses.items():
        if name not in elsewhere:
            assert public.get(address, follow=True).status_code == 404, name
