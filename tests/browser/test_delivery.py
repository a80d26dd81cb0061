"""What staff do about a link and its mails, pressed in a browser; and how mails leave."""

import re

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.secrecy import PLEDGE
from practices.models import Practice, User
from reports.mail.models import Carrier, Fate, MailRoute
from reports.models import Delivery, Link
from scans.models import Identity
from tests.browser.conftest import serving
from tests.browser.test_dashboard import check, enter
from tests.mail.conftest import link_mail

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(practice: Practice) -> User:
    """Who signs in below, and has pledged secrecy."""
    return User.objects.create(
        email="staff@example.org",
        practice=practice,
        role=User.Role.OWNER,
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )


@pytest.fixture
def mail(practice: Practice) -> Delivery:
    """The mail of a released report, which came back."""
    delivery = link_mail(practice, email="patient@example.org")
    with practice_scope(practice.pk):
        Delivery.objects.update(state=Fate.BOUNCED, last_error="The mail came back.")
    return delivery


@pytest.fixture
def desk(page: Page, site: str, owner: User, mail: Delivery) -> Page:
    """Signed in, before the page of the report's scan."""
    enter(page, site, owner.practice)
    page.goto(f"{site}/en/scans/{mail.report.scan_id}/")
    return page


def part(page: Page) -> Page:
    """The part about link and mails, its details open."""
    expect(page.locator("#delivery")).to_be_visible()
    if page.locator("#delivery details:not([open])").count():
        page.locator("#delivery summary").click()
    return page


def press(page: Page, text: str) -> None:
    part(page).locator("#delivery").get_by_role("button", name=text, exact=True).click()
    page.wait_for_load_state()


def links(mail: Delivery) -> list[bool]:
    """Of each link the report has had, whether it works; the oldest first."""
    found = Link.objects.filter(report_id=mail.report_id).order_by("pk")
    return [link.gone_at is None for link in found]


def states(mail: Delivery) -> list[str]:
    with practice_scope(mail.practice_id):
        rows = Delivery.objects.filter(report_id=mail.report_id).order_by("created_at")
        return list(rows.values_list("state", flat=True))


def test_a_mail_that_came_back_is_dealt_with_or_sent_again(desk: Page, mail: Delivery) -> None:
    check(part(desk), "a mail came back")
    press(desk, "Dealt with")
    expect(desk.get_by_role("button", name="Dealt with")).to_have_count(0)
    press(desk, "Send again")
    assert states(mail) == [Fate.BOUNCED, Fate.QUEUED]
    assert links(mail) == [True]


def test_a_link_is_renewed_with_and_without_a_mail_and_turned_off(
    desk: Page, mail: Delivery
) -> None:
    press(desk, "Make a new link")
    assert (links(mail), states(mail)) == ([False, True], [Fate.BOUNCED, Fate.QUEUED])
    part(desk).locator("#delivery input[name=send]").uncheck()
    press(desk, "Make a new link")
    assert (links(mail), states(mail)) == ([False, False, True], [Fate.BOUNCED])
    press(desk, "Turn the link off")
    expect(desk.locator("#delivery")).to_contain_text("The link is off.")
    expect(desk.get_by_role("button", name="Send again")).to_have_count(0)
    assert links(mail) == [False, False, False]
    check(part(desk), "off")


def test_an_address_is_refused_in_a_sentence_or_confirmed(desk: Page, mail: Delivery) -> None:
    part(desk).locator("#delivery-email").fill("müller@example.org")
    press(desk, "Address confirmed: send a new link")
    expect(desk.locator("main, .messages").first).to_contain_text("in front of the @")
    assert (links(mail), states(mail)) == ([True], [Fate.BOUNCED])
    part(desk).locator("#delivery-email").fill("right+1@müller.example")
    press(desk, "Address confirmed: send a new link")
    assert (links(mail), states(mail)) == ([False, True], [Fate.BOUNCED, Fate.QUEUED])
    expect(part(desk).locator("#delivery-email")).to_have_value("right+1@xn--mller-kva.example")


def test_without_an_address_the_link_goes_on_paper(
    desk: Page, mail: Delivery, practice: Practice
) -> None:
    with practice_scope(practice.pk):
        Identity.objects.update(email=None, email_index=None)
    desk.reload()
    expect(desk.locator("#delivery")).to_contain_text("hand the link over on paper")
    desk.get_by_role("link", name="Print the link").click()
    expect(desk.locator(".letter-qr svg")).to_be_visible()
    address = desk.locator(".letter-link code").inner_text()
    assert re.fullmatch(rf"{re.escape(desk.url.split('/en/')[0])}/de/r/\w{{25}}/", address)
    check(desk, "letter")


def test_an_owner_chooses_how_mails_leave_and_what_does_not_work_is_not_kept(
    page: Page, practice: Practice, owner: User, mailbox: ResendStandIn
) -> None:
    environment = {
        "DERMALIA_RESEND_URL": mailbox.url,
        "DERMALIA_RESEND_API_KEY": django_settings.RESEND_API_KEY,
    }
    with serving(mailbox.url, **environment) as site:
        enter(page, site, owner.practice)
        page.goto(f"{site}/en/settings/mail/")
        check(page, "route")
        page.locator("#route-carrier").select_option(Carrier.OWN)
        page.locator("#route-address").fill("praxis@example.org")
        page.locator("#route-host").fill("localhost")
        page.locator("#route-port").select_option("2525")
        page.locator("#route-security").select_option("starttls")
        page.locator("#route-password").fill("for this test")
        page.get_by_role("button", name="Try it and keep it").click()
        expect(page.locator("[role=alert]").first).to_contain_text("must not be called")
        expect(page.locator("#route-host")).to_have_value("localhost")
        expect(page.locator("#route-password")).to_have_value("")
        check(page, "refused")
        with practice_scope(practice.pk):
            assert not MailRoute.objects.exists()
        page.locator("#route-carrier").select_option(Carrier.RESEND)
        page.locator("#route-name").fill("Praxis am Markt")
        page.get_by_role("button", name="Try it and keep it").click()
        expect(page.locator("[role=alert]")).to_have_count(0)
        expect(page.locator("#route-name")).to_have_value("Praxis am Markt")
        with practice_scope(practice.pk):
            assert MailRoute.objects.get().carrier == Carrier.RESEND
        page.goto("about:blank")
