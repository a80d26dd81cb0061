"""Every address × every kind of visitor. An address without a row here fails."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from audit.chain import OPERATOR, PATIENT
from dermalia.clients import Browser, Device
from dermalia.clients import Client as Browsing
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from operators.domain.sessions import open_session
from operators.hosts import SESSION_COOKIE
from operators.models import Incident, Notice, Operator
from practices.domain.sign_in import issue_link
from practices.models import Practice, User
from reports.domain.cases import open_case
from reports.models import Case, Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset
from tests.conftest import enter_session, link_in_mail
from tests.onboarding.conftest import accept_all

# "outsider" is the owner of another practice; "unverified" came by a link and has no factor yet.
# "operator" administers the service, which opens nothing here.
VISITORS = ("anonymous", "operator", "unverified", "outsider", "reader", "staff", "owner")
SIGN_IN, GONE = 302, 404
OUTSIDE = {"anonymous": SIGN_IN, "operator": SIGN_IN, "unverified": SIGN_IN}
INSIDE = {**OUTSIDE, "outsider": GONE, "reader": 200, "staff": 200, "owner": 200}
OWN = {**OUTSIDE, "outsider": 200, "reader": 200, "staff": 200, "owner": 200}
OWNERS = {**OWN, "reader": 403, "staff": 403}
ANYBODY = dict.fromkeys(VISITORS, 200)

# The answer to a GET, by address and visitor.
EXPECTED: dict[str, dict[str, int]] = {
    "health:live": ANYBODY,
    "health:ready": ANYBODY,
    "public:home": ANYBODY,
    "public:security": ANYBODY,
    "public:privacy": ANYBODY,
    "public:imprint": ANYBODY,
    "public:accessibility": ANYBODY,
    "public:knowledge": ANYBODY,
    "public:article": ANYBODY,
    "public:legal": ANYBODY,
    "public:transparency": ANYBODY,
    "public:contact": ANYBODY,
    "public:contact_sent": ANYBODY,
    "machines:robots": ANYBODY,
    "machines:sitemap": ANYBODY,
    "practices:enter": ANYBODY,
    "practices:signed_out": ANYBODY,
    "practices:sign_out": dict.fromkeys(VISITORS, 405),
    "practices:sign_in": ANYBODY,
    "practices:set_up": {**OWN, "unverified": 200},
    "practices:set_up_app": {**OWN, "unverified": 200},
    "practices:confirm": OWN,
    "practices:secrecy": OWN,
    "practices:account": OWN,
    "practices:team": OWNERS,
    "practices:desk": OWN,
    "practices:lock": dict.fromkeys(VISITORS, 405),
    "practices:locked": dict.fromkeys(VISITORS, 302),  # nothing is locked: on to the list
    "practices:unlock": dict.fromkeys(VISITORS, 405),
    "practices:passkey_question": dict.fromkeys(VISITORS, 405),
    "practices:passkey_sign_in": dict.fromkeys(VISITORS, 405),
    "practices:new_passkey_question": dict.fromkeys(VISITORS, 405),
    "practices:add_passkey": dict.fromkeys(VISITORS, 405),
    "practices:confirm_question": dict.fromkeys(VISITORS, 405),
    "practices:confirm_passkey": dict.fromkeys(VISITORS, 405),
    "practices:remove_passkey": dict.fromkeys(VISITORS, 405),
    "practices:remove_app": dict.fromkeys(VISITORS, 405),
    "practices:renew_codes": dict.fromkeys(VISITORS, 405),
    "practices:end_session": dict.fromkeys(VISITORS, 405),
    "practices:end_sessions": dict.fromkeys(VISITORS, 405),
    "practices:invite": dict.fromkeys(VISITORS, 405),
    "practices:invite_again": dict.fromkeys(VISITORS, 405),
    "practices:set_role": dict.fromkeys(VISITORS, 405),
    "practices:set_active": dict.fromkeys(VISITORS, 405),
    "reports:patient": ANYBODY,  # the gate; the link is the permission
    "reports:patient_file": dict.fromkeys(VISITORS, 403),  # not opened yet
    "reports:patient_pdf": dict.fromkeys(VISITORS, 403),  # not opened yet
    "reports:patient_comparison": dict.fromkeys(VISITORS, SIGN_IN),  # to the gate: not opened yet
    "reports:patient_comparison_file": dict.fromkeys(VISITORS, 403),  # not opened yet
    "reports:scan_list": OWN,
    "reports:scan_detail": INSIDE,
    "reports:scan_file": INSIDE,
    "reports:scan_pdf": INSIDE,
    "reports:scan_comparison": INSIDE,
    # Nothing to compare with; the signed-out are sent away first.
    "reports:scan_comparison_file": {**dict.fromkeys(VISITORS, GONE), **OUTSIDE},
    "reports:scan_model": INSIDE,
    "reports:patient_privacy": dict.fromkeys(VISITORS, 303),  # to the gate: not opened yet
    "reports:scan_course": INSIDE,
    "reports:scan_retry": dict.fromkeys(VISITORS, 405),
    "reports:scan_attest": dict.fromkeys(VISITORS, 405),
    "reports:scan_release": dict.fromkeys(VISITORS, 405),
    "reports:scan_person": dict.fromkeys(VISITORS, 405),
    "reports:scan_treatment": dict.fromkeys(VISITORS, 405),
    # Nothing is chosen: back to the list.
    "reports:bulk": {**dict.fromkeys(VISITORS, 302), "reader": 403},
    "reports:bulk_do": dict.fromkeys(VISITORS, 405),
    "reports:bulk_undo": dict.fromkeys(VISITORS, 405),
    "reports:letters": dict.fromkeys(VISITORS, 302),
    "retention:bulk_erasure": {**dict.fromkeys(VISITORS, 302), "reader": 403},
    "reports:scan_code": dict.fromkeys(VISITORS, 405),
    "reports:scan_restrict": dict.fromkeys(VISITORS, 405),
    "reports:scan_lift": dict.fromkeys(VISITORS, 405),
    "reports:scan_case": dict.fromkeys(VISITORS, 405),
    "reports:case_list": OWN,
    "reports:case_detail": INSIDE,
    "reports:case_bundle": {**INSIDE, "reader": 403},
    "reports:case_answer": dict.fromkeys(VISITORS, 405),
    "reports:case_extend": dict.fromkeys(VISITORS, 405),
    "reports:case_letter": {**INSIDE, "reader": 403},
    "reports:accent": ANYBODY,
    "hooks:resend": dict.fromkeys(VISITORS, 405),
    "reports:scan_send": dict.fromkeys(VISITORS, 405),
    "reports:scan_renew": dict.fromkeys(VISITORS, 405),
    "reports:scan_revoke": dict.fromkeys(VISITORS, 405),
    "reports:scan_address": dict.fromkeys(VISITORS, 405),
    "reports:scan_letter": INSIDE,
    # The report has no code; the signed-out are sent away first.
    "reports:scan_code_letter": {**dict.fromkeys(VISITORS, GONE), **OUTSIDE},
    "reports:delivery_handled": dict.fromkeys(VISITORS, 405),
    "reports:staff_mail_handled": dict.fromkeys(VISITORS, 405),
    "reports:mail_route": OWNERS,
    "onboarding:tasks": OWNERS,
    "onboarding:practice": OWNERS,
    "onboarding:billing": OWNERS,
    "onboarding:oversight": OWNERS,
    "onboarding:retention": OWNERS,
    "onboarding:documents": OWNERS,
    "onboarding:trial": OWNERS,
    "onboarding:start_trial": dict.fromkeys(VISITORS, 405),
    "onboarding:capture_trial": dict.fromkeys(VISITORS, 405),
    "onboarding:advance_trial": dict.fromkeys(VISITORS, 405),
    "onboarding:erase_trial": dict.fromkeys(VISITORS, 405),
    "onboarding:stop_trial": dict.fromkeys(VISITORS, 405),
    "onboarding:go_live": OWNERS,
    "onboarding:agreement": OWNERS,
    "onboarding:read_text": OWN,  # the same text for everybody
    "onboarding:agreement_pdf": INSIDE,
    "onboarding:accepted_texts": INSIDE,
    "onboarding:settings": OWNERS,
    "onboarding:reports": OWNERS,
    "onboarding:appearance": OWNERS,
    "onboarding:logo": {**dict.fromkeys(VISITORS, GONE), **OUTSIDE},  # the practice has none
    "onboarding:instructions": OWNERS,
    "onboarding:recipients": OWNERS,
    "onboarding:end_recipient": dict.fromkeys(VISITORS, 405),
    "onboarding:processors": OWNERS,
    # Nothing is announced.
    "onboarding:object_to": {**OWNERS, "outsider": GONE, "owner": GONE},
    "onboarding:withdraw_objection": dict.fromkeys(VISITORS, 405),
    "onboarding:scanners": OWNERS,
    "onboarding:add_account": dict.fromkeys(VISITORS, 405),
    "onboarding:silence": dict.fromkeys(VISITORS, 405),
    "onboarding:add_folder": dict.fromkeys(VISITORS, 405),
    "onboarding:test_scanner": dict.fromkeys(VISITORS, 405),
    "onboarding:pause_scanner": dict.fromkeys(VISITORS, 405),
    "onboarding:resume_scanner": dict.fromkeys(VISITORS, 405),
    "closing:everything": OWNERS,
    "closing:contract": OWNERS,
    "closing:notice": dict.fromkeys(VISITORS, 405),
    "closing:choice": dict.fromkeys(VISITORS, 405),
    "closing:confirm": dict.fromkeys(VISITORS, 405),
    "closing:withdraw": dict.fromkeys(VISITORS, 405),
    # Without a case there is nothing to end: back to its page.
    "closing:now": {**dict.fromkeys(VISITORS, 302), "reader": 403, "staff": 403},
    # No such order: who has the address of one needs no sign-in.
    "closing:certificate": dict.fromkeys(VISITORS, GONE),
    "closing:certificate_pdf": dict.fromkeys(VISITORS, GONE),
    "closing:certificate_json": dict.fromkeys(VISITORS, GONE),
    "documents:list": OWN,
    "documents:pack": OWN,
    "documents:read": OWN,
    "documents:file": OWN,
    "exports:export": OWNERS,
    "exports:start": dict.fromkeys(VISITORS, 405),
    # Nothing is prepared; the signed-out are sent away first, and who is no owner is told so.
    "exports:download": {**dict.fromkeys(VISITORS, GONE), **OUTSIDE, "reader": 403, "staff": 403},
    "exports:end": dict.fromkeys(VISITORS, 405),
    "retention:confirm_erasure": {**INSIDE, "reader": 403},
    "retention:receipt": INSIDE,
    "service:access": OWN,
    "service:notice": {**INSIDE, "reader": 403, "staff": 403},
    "retention:receipt_pdf": INSIDE,
    "retention:receipt_json": INSIDE,
    "retention:erasures": OWN,
    "retention:held": OWNERS,
    "retention:batch": INSIDE,
}

ERASED = {
    "retention:receipt",
    "retention:receipt_pdf",
    "retention:receipt_json",
    "retention:batch",
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
        case = open_case(report=report, kind=Case.Kind.ACCESS, who=PATIENT)

    def of_the_erased(name: str) -> str:
        with practice_scope(report.practice_id):
            erasure = Erasure.objects.first() or request_erasure(
                scan=report.scan, reason=Erasure.Reason.STAFF, who=OPERATOR, batch=uuid4()
            )
        return reverse(name, args=[erasure.batch if name == "retention:batch" else erasure.pk])

    with practice_scope(report.practice_id), pytest.MonkeyPatch.context() as patch:
        patch.setattr("onboarding.domain.acceptance.typeset_acceptance", lambda _row: b"%PDF-")
        agreed = accept_all(staff_user)

    arguments: dict[str, list[Any]] = {
        "onboarding:read_text": ["agreement"],
        "service:notice": [notice_of(report.practice).pk],
        "public:article": ["checklist"],
        "public:legal": ["agreement"],
        "onboarding:agreement_pdf": [agreed.pk],
        "onboarding:accepted_texts": [agreed.pk],
        "closing:certificate": [report.practice_id, uuid4()],
        "closing:certificate_pdf": [report.practice_id, uuid4()],
        "closing:certificate_json": [report.practice_id, uuid4()],
        "documents:read": ["purpose", "en"],
        "documents:file": ["purpose", "en", "pdf"],
        "exports:download": [uuid4()],
        "exports:end": [uuid4()],
        "onboarding:object_to": ["demo"],
        "onboarding:withdraw_objection": ["demo"],
        "onboarding:end_recipient": [uuid4()],
        "onboarding:test_scanner": [scan.connection_id],
        "onboarding:pause_scanner": [scan.connection_id],
        "onboarding:resume_scanner": [scan.connection_id],
        "practices:enter": [issue_link(user=staff_user)],
        "practices:remove_passkey": [uuid4()],
        "practices:end_session": [uuid4()],
        "practices:invite_again": [staff_user.pk],
        "practices:set_role": [staff_user.pk],
        "practices:set_active": [staff_user.pk],
        "reports:patient": [link],
        "reports:patient_file": [link, asset.pk],
        "reports:patient_pdf": [link],
        "reports:patient_comparison": [link],
        "reports:patient_comparison_file": [link, asset.pk],
        "reports:scan_detail": [scan.pk],
        "reports:scan_file": [scan.pk, asset.pk],
        "reports:scan_pdf": [scan.pk],
        "reports:scan_comparison": [scan.pk],
        "reports:scan_comparison_file": [scan.pk, asset.pk],
        "reports:scan_model": [scan.pk],
        "reports:patient_privacy": [link],
        "reports:scan_course": [scan.pk],
        "reports:scan_retry": [scan.pk],
        "reports:scan_attest": [scan.pk],
        "reports:scan_release": [scan.pk],
        "reports:scan_person": [scan.pk],
        "reports:scan_treatment": [scan.pk],
        "reports:scan_code": [scan.pk],
        "reports:scan_restrict": [scan.pk],
        "reports:scan_lift": [scan.pk],
        "reports:scan_case": [scan.pk],
        "reports:case_detail": [case.pk],
        "reports:case_bundle": [case.pk],
        "reports:case_answer": [case.pk],
        "reports:case_extend": [case.pk],
        "reports:case_letter": [case.pk],
        "reports:accent": ["0e5a61"],
        "reports:scan_send": [scan.pk],
        "reports:scan_renew": [scan.pk],
        "reports:scan_revoke": [scan.pk],
        "reports:scan_address": [scan.pk],
        "reports:scan_letter": [scan.pk],
        "reports:scan_code_letter": [scan.pk],
        "reports:delivery_handled": [case.pk],
        "reports:staff_mail_handled": [case.pk],
        "retention:confirm_erasure": [scan.pk],
    }
    fixed: dict[str, Callable[[], str]] = {
        name: partial(reverse, name, args=arguments.get(name, []))
        for name in EXPECTED
        if name not in ERASED
    }
    return fixed | {name: partial(of_the_erased, name) for name in ERASED}


def notice_of(practice: Practice) -> Notice:
    incident = Incident.objects.create(
        noticed_at=timezone.now(),
        severity="low",
        natures=["c"],
        data_classes=["email"],
        discovery="An alarm",
        registered_by=Operator.objects.create(name="Demo Colleague"),
    )
    with practice_scope(practice.pk):
        return Notice.objects.create(
            practice=practice,
            incident=incident,
            reports=1,
            entries=1,
            told_at=timezone.now(),
            mails=[uuid4()],
        )


def sign_in(client: Client, visitor: str, practice: Practice, other: Practice) -> None:
    if visitor == "anonymous":
        return
    if visitor == "operator":
        admin = Operator.objects.create(name="Demo Admin")
        browser = Browsing("", Browser.OTHER, Device.OTHER)
        client.cookies[SESSION_COOKIE] = open_session(operator=admin, client=browser)
        return
    role = User.Role.OWNER if visitor in {"outsider", "unverified"} else User.Role(visitor)
    owner = other if visitor == "outsider" else practice
    user = User.objects.create(email=f"{visitor}@visitors.example.org", practice=owner, role=role)
    client.force_login(user)
    if visitor == "unverified":
        enter_session(client, user, factor="")


@pytest.mark.usefixtures("plain_paper")
@pytest.mark.parametrize("visitor", VISITORS)
def test_who_may_see_what(
    client: Client,
    practice: Practice,
    other_practice: Practice,
    addresses: dict[str, Callable[[], str]],
    visitor: str,
) -> None:
    sign_in(client, visitor, practice, other_practice)
    # Receipts come last: what the other addresses show is erased for them.
    ordered = sorted(EXPECTED, key=lambda name: name in ERASED)
    answers = {name: client.get(addresses[name]()).status_code for name in ordered}
    assert answers == {name: EXPECTED[name][visitor] for name in ordered}


@pytest.mark.parametrize("visitor", ["anonymous", "unverified", "outsider", "reader"])
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
    assert answer.status_code == {**OUTSIDE, "outsider": 404, "reader": 403}[visitor]
    with practice_scope(practice.pk):
        assert Report.objects.filter(pk=report.pk).exists()
