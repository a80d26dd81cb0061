"""A restricted report is kept, and shown to nobody."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice, User
from reports.domain.delivery import send_delivery
from reports.domain.restriction import lift_restriction, restrict_report
from reports.mail.resend import ResendProvider
from reports.models import Delivery, Report
from scans.models import Asset

REASON = Report.Restriction.CONTESTED


@pytest.fixture
def staff(staff_user: User) -> Client:
    browser = Client()
    browser.force_login(staff_user)
    return browser


def restrict(report: Report) -> bool:
    with practice_scope(report.practice_id):
        return restrict_report(report=report, reason=REASON, who=SYSTEM)


def files(report: Report, address: str) -> list[str]:
    with practice_scope(report.practice_id):
        return [
            address.format(asset.pk)
            for asset in Asset.objects.filter(scan_id=report.scan_id, origin="derived")
        ]


def actions(report: Report) -> list[str]:
    with practice_scope(report.practice_id):
        entries = Entry.objects.filter(object_id=report.pk, action__contains="restricted")
        return list(entries.order_by("sequence").values_list("action", flat=True))


def test_the_link_is_dead_at_once_though_it_was_opened_before(
    opened: Client, link: str, report: Report
) -> None:
    assert opened.get(link).status_code == 200  # and the page is remembered
    restrict(report)
    addresses = [link, f"{link}pdf", f"{link}privacy/", *files(report, f"{link}files/{{}}")]
    for address in addresses:
        answer = opened.get(address)
        assert answer.status_code == 410, address
        assert b"Testperson" not in answer.content
    assert opened.post(link).status_code == 410
    assert opened.post(f"{link}privacy/", {"kind": "access"}).status_code == 410


def test_lifted_the_link_works_again(opened: Client, link: str, report: Report) -> None:
    restrict(report)
    with practice_scope(report.practice_id):
        assert lift_restriction(report=report, who=SYSTEM)
        assert not lift_restriction(report=report, who=SYSTEM)
    assert "Testperson Ä" in opened.get(link).content.decode()
    assert actions(report) == [Action.REPORT_RESTRICTED, Action.REPORT_UNRESTRICTED]


def test_of_two_restrictions_the_first_stands(report: Report) -> None:
    assert restrict(report)
    with practice_scope(report.practice_id):
        assert not restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
        report.refresh_from_db()
    assert report.restriction == REASON
    assert actions(report) == [Action.REPORT_RESTRICTED]


def test_staff_see_that_it_is_there_and_nothing_of_it(
    staff: Client, report: Report, opened: Client, link: str
) -> None:
    opened.get(link, REMOTE_ADDR="203.0.113.77")
    detail = reverse("reports:scan_detail", args=[report.scan_id])
    assert "203.0.113.0/24" in staff.get(detail).content.decode()
    restrict(report)
    page = staff.get(detail).content.decode()
    rows = staff.get(reverse("reports:scan_list")).content.decode()
    for hidden in ("Testperson Ä", "viewer-config", "value-wrinkles", "203.0.113.0/24", "/files/"):
        assert hidden not in page + rows
    for shown in ("scan_lift", "confirm_erasure"):
        app = "retention" if shown == "confirm_erasure" else "reports"
        assert reverse(f"{app}:{shown}", args=[report.scan_id]) in page
    assert "Eingeschränkt" in rows


def test_staff_get_none_of_its_files(staff: Client, report: Report) -> None:
    scan = report.scan_id
    own = files(report, reverse("reports:scan_detail", args=[scan]) + "files/{}")
    others = [reverse(f"reports:{name}", args=[scan]) for name in ("scan_pdf", "scan_model")]
    assert own
    restrict(report)
    assert {staff.get(address).status_code for address in [*own, *others]} == {403}
    assert staff.post(reverse("reports:scan_code", args=[scan])).status_code == 403


def test_its_mail_is_not_sent(report: Report, mailbox: ResendStandIn) -> None:
    restrict(report)
    with practice_scope(report.practice_id):
        delivery = Delivery.objects.get(report=report)
    send_delivery(
        practice_id=report.practice_id, delivery_id=delivery.pk, provider=ResendProvider()
    )
    assert not mailbox.mails


def test_staff_restrict_and_lift_with_a_reason(staff: Client, report: Report) -> None:
    detail = reverse("reports:scan_detail", args=[report.scan_id])
    assert staff.post(f"{detail}restrict/", {"reason": "because"}).status_code == 302
    assert actions(report) == []
    assert staff.post(f"{detail}restrict/", {"reason": "claims"}).status_code == 302
    english = detail.replace("/de/", "/en/")
    assert "needs the data for legal claims" in staff.get(english).content.decode()
    assert staff.post(f"{detail}lift/").status_code == 302
    assert "Testperson Ä" in staff.get(detail).content.decode()


def test_what_is_not_released_cannot_be_restricted(staff: Client, report: Report) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(state=Report.State.DRAFT)
    for name in ("scan_restrict", "scan_lift", "scan_code", "scan_case"):
        answer = staff.post(reverse(f"reports:{name}", args=[report.scan_id]), {"reason": "claims"})
        assert answer.status_code == 404


@pytest.mark.parametrize("visitor", ["anonymous", "outsider", "reader"])
@pytest.mark.parametrize("verb", ["restrict", "lift"])
def test_who_may_not_restrict_or_lift(
    client: Client, report: Report, other_practice: Practice, visitor: str, verb: str
) -> None:
    if verb == "lift":
        restrict(report)
    practice = other_practice if visitor == "outsider" else report.practice
    role = User.Role.READER if visitor == "reader" else User.Role.OWNER
    if visitor != "anonymous":
        client.force_login(User.objects.create(email="v@example.org", practice=practice, role=role))
    before = actions(report)
    answer = client.post(
        reverse(f"reports:scan_{verb}", args=[report.scan_id]), {"reason": "claims"}
    )
    assert answer.status_code == {"anonymous": 302, "outsider": 404, "reader": 403}[visitor]
    assert actions(report) == before
