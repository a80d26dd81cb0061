"""A patient and a member of staff, in a real browser."""

import re

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.sign_in import issue_link
from practices.domain.tenants import create_practice
from practices.models import Practice, User
from reports.models import Report
from retention.domain.erase import complete_erasure
from retention.models import Erasure
from tests.conftest import connect_to, discover, link_in_mail, release_at_once, report_of

pytestmark = pytest.mark.browser


@pytest.fixture
def practice(committed: None) -> Practice:
    practice = create_practice(
        name="Demo-Praxis", email="praxis@example.org", phone="+49 000 000000"
    )
    release_at_once(practice)
    return practice


@pytest.fixture
def report(practice: Practice, cluster: IsemecoStandIn, small_capture: Capture) -> Report:
    cluster.add_scan(small_capture, first_name="Demo", email="patient@example.org")
    return report_of(discover(connect_to(cluster, practice))[0])


@pytest.fixture
def mailed(site: str, report: Report, mailbox: ResendStandIn) -> None:
    """The mail with the link has come in."""
    with override_settings(PUBLIC_URL=site):
        link_in_mail(report, mailbox)


def open_from_mailbox(page: Page, mailbox: ResendStandIn) -> None:
    """Read the mail as its recipient would, and follow the link."""
    page.goto(mailbox.url)
    page.get_by_role("link", name="Ihr persönlicher Link").click()
    address = page.locator('a[href*="/r/"]').first.get_attribute("href")
    assert address is not None
    page.goto(address)
    page.get_by_role("button", name="Meine Seite öffnen").click()


def show_in_3d(page: Page) -> None:
    page.get_by_role("button", name=re.compile("In 3D")).click()
    expect(page.locator("[data-viewer]")).to_have_attribute("data-state", "ready", timeout=30_000)


def picture(page: Page) -> bytes:
    """What the 3D view shows, once it stands still."""
    page.wait_for_timeout(400)
    return page.locator("[data-viewer] canvas").screenshot()


@pytest.mark.usefixtures("mailed")
def test_a_patient_opens_the_mail_s_link_and_turns_the_face(
    page: Page, mailbox: ResendStandIn
) -> None:
    open_from_mailbox(page, mailbox)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Demo")
    expect(page.locator("article.value")).to_have_count(5)
    show_in_3d(page)
    front = picture(page)
    page.get_by_role("button", name="Nach links drehen").click()
    turned = picture(page)
    assert turned != front
    canvas = page.locator("[data-viewer] canvas").bounding_box()
    assert canvas is not None
    middle = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1], steps=6)
    page.mouse.up()
    dragged = picture(page)
    assert dragged != turned
    page.locator("[data-stage]").focus()
    page.keyboard.press("0")
    assert picture(page) != dragged


@pytest.mark.usefixtures("mailed")
def test_an_overlay_shows_on_the_face(page: Page, mailbox: ResendStandIn) -> None:
    open_from_mailbox(page, mailbox)
    show_in_3d(page)
    plain = picture(page)
    page.locator("[data-overlay]").select_option("redness")
    expect(page.locator("[data-legend]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert picture(page) != plain


@pytest.mark.usefixtures("mailed")
def test_the_page_fits_a_small_phone(page: Page, mailbox: ResendStandIn) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    open_from_mailbox(page, mailbox)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 320


@pytest.mark.usefixtures("mailed")
def test_without_scripts_pictures_and_values_are_there(page: Page, mailbox: ResendStandIn) -> None:
    context = page.context.browser
    assert context is not None
    plain = context.new_context(java_script_enabled=False)
    without = plain.new_page()
    open_from_mailbox(without, mailbox)
    expect(without.locator("article.value")).to_have_count(5)
    poster = without.locator("[data-poster]")
    expect(poster).to_be_visible()
    assert without.get_by_role("button", name=re.compile("In 3D")).count() == 0
    plain.close()


def test_staff_erase_a_report_and_get_a_receipt(site: str, page: Page, report: Report) -> None:
    practice_id = report.practice_id
    user = User.objects.create(email="staff@example.org", practice_id=practice_id)
    page.goto(f"{site}/de/enter/{issue_link(user=user)}/")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scans")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Bericht löschen").click()
    page.get_by_role("textbox").fill("nope")
    page.get_by_role("button", name="endgültig").click()
    expect(page.locator("#confirmation-error")).not_to_be_empty()
    page.get_by_role("textbox").fill(report.scan.scan_identifier[-4:])
    page.get_by_role("button", name="endgültig").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Löschbeleg")
    with practice_scope(practice_id):
        erasure = Erasure.objects.get()
    complete_erasure(practice_id=practice_id, erasure_id=erasure.pk)
    page.reload()
    expect(page.get_by_text("Gelöscht und geprüft")).to_be_visible()
