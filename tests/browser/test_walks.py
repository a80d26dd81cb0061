"""A patient and a member of staff, in a real browser."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.domain.secrecy import PLEDGE
from practices.domain.sign_in import issue_link
from practices.models import SignInLink, User
from reports.models import Report
from retention.domain.erase import complete_erasure
from retention.models import Erasure
from tests.browser.states import alike, picture, settle, show_in_3d

pytestmark = pytest.mark.browser


def open_from_mailbox(page: Page, mailbox: ResendStandIn) -> None:
    """Read the mail as its recipient would, and follow the link."""
    page.goto(mailbox.url)
    page.get_by_role("link", name="Ihr persönlicher Link").click()
    address = page.locator('a[href*="/r/"]').first.get_attribute("href")
    assert address is not None
    page.goto(address)
    page.get_by_role("button", name="Meine Seite öffnen").click()


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
    assert not alike(turned, front)
    canvas = page.locator("[data-viewer] canvas").bounding_box()
    assert canvas is not None
    middle = canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1], steps=6)
    page.mouse.up()
    dragged = picture(page)
    assert not alike(dragged, turned)
    page.locator("[data-stage]").focus()
    page.keyboard.press("0")
    assert not alike(picture(page), dragged)


@pytest.mark.usefixtures("mailed")
def test_an_overlay_shows_on_the_face(page: Page, mailbox: ResendStandIn) -> None:
    open_from_mailbox(page, mailbox)
    show_in_3d(page)
    plain = picture(page)
    page.get_by_role("radio", name="Rötung").check(force=True)
    expect(page.locator("[data-legend]")).to_be_visible()
    settle(page)
    assert not alike(picture(page), plain)


@pytest.mark.usefixtures("mailed")
def test_paper_gets_every_picture_and_every_number(page: Page, mailbox: ResendStandIn) -> None:
    open_from_mailbox(page, mailbox)
    page.emulate_media(media="print")
    pictures = page.locator(".viewer-prints img")
    expect(pictures).to_have_count(5)
    for at in range(5):
        expect(pictures.nth(at)).to_be_visible()
        expect(pictures.nth(at)).not_to_have_js_property("naturalWidth", 0)


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
    assert without.locator(".viewer-prints img:visible").count() == 4
    for fold in without.locator("details.zones > summary").all():
        fold.click()
    expect(without.locator(".zones table").first).to_be_visible()
    plain.close()


def test_staff_erase_a_report_and_get_a_receipt(site: str, page: Page, report: Report) -> None:
    practice_id = report.practice_id
    user = User.objects.create(
        email="staff@example.org",
        practice_id=practice_id,
        pledge=PLEDGE,
        pledged_at=timezone.now(),
    )
    page.goto(f"{site}/de/enter/{issue_link(user=user, kind=SignInLink.Kind.DEMO)}/")
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
