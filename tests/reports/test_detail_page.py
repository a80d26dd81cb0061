"""Staff ask for full detail, see how it goes, and look at it."""

import pytest
from django.test import Client

from dermalia.tenancy import practice_scope
from practices.models import User
from reports.models import Report
from scans.conversion import ConversionError, ErrorCode
from scans.domain import detail as detail_module
from scans.domain.detail import make_detail
from scans.models import Detail


@pytest.fixture
def page(client: Client, report: Report, staff_user: User) -> str:
    client.force_login(staff_user)
    return f"/en/scans/{report.scan_id}/"


def made(report: Report) -> None:
    with practice_scope(report.practice_id):
        detail = Detail.objects.get()
    make_detail(practice_id=report.practice_id, detail_id=detail.pk)


def test_it_is_asked_for_with_a_button_and_looked_at_when_it_is_there(
    client: Client, page: str, report: Report
) -> None:
    assert "Make full detail" in client.get(page).content.decode()
    assert client.post(f"{page}model/").status_code == 302
    waiting = client.get(f"{page}model/", headers={"HX-Request": "true"}).content.decode()
    assert "is being made" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    made(report)
    ready = client.get(f"{page}model/").content.decode()
    assert "every 2s" not in ready
    assert f"{page}?model=detail" in ready
    with practice_scope(report.practice_id):
        plain, detailed = (report.scan.assets.get(kind=kind).pk for kind in ("model", "detail"))
    assert str(plain) in client.get(page).content.decode()
    closely = client.get(f"{page}?model=detail").content.decode()
    assert str(detailed) in closely
    assert str(plain) not in closely


def test_what_failed_says_why_and_can_be_tried_again(
    client: Client, page: str, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise ConversionError(ErrorCode.TOO_LARGE)

    client.post(f"{page}model/")
    with monkeypatch.context() as broken:
        broken.setattr(detail_module, "convert", too_large)
        made(report)
    told = client.get(page).content.decode()
    assert "The capture is larger than this service accepts." in told
    assert "Try again" in told
    again = client.post(f"{page}model/", headers={"HX-Request": "true"}).content.decode()
    assert "is being made" in again
    made(report)
    assert "?model=detail" in client.get(page).content.decode()


def test_a_reader_sees_it_and_cannot_ask(client: Client, page: str, staff_user: User) -> None:
    staff_user.role = User.Role.READER
    staff_user.save()
    assert "Make full detail" not in client.get(page).content.decode()
    assert client.post(f"{page}model/").status_code == 403
    assert client.get(f"{page}model/").status_code == 200


def test_the_patient_gets_the_small_model(client: Client, page: str, report: Report) -> None:
    client.post(f"{page}model/")
    made(report)
    with practice_scope(report.practice_id):
        detailed = report.scan.assets.get(kind="detail").pk
    assert str(detailed) not in client.get(page).content.decode()


@pytest.mark.parametrize("color", ["0e5a61", "FF0000", "ffffff"])
def test_an_accent_is_a_style_sheet_to_keep(client: Client, color: str) -> None:
    answer = client.get(f"/en/accent/{color}.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.content.startswith(b":root{")
    assert not answer.cookies


@pytest.mark.parametrize("color", ["red", "12345", "0e5a61}", "x" * 200])
def test_what_is_no_colour_is_not_found(client: Client, color: str) -> None:
    answer = client.get(f"/en/accent/{color}.css")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
