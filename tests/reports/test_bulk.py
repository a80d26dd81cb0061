"""Several reports at once: looked over first, done one by one, taken back where possible."""

import re
from datetime import date
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.test import Client

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.domain.staff import staff as actor
from practices.models import Practice, StaffSession, User
from reports.domain.attestation import Attestation, attest
from reports.domain.bulk import undo
from reports.models import Report
from retention.models import Erasure
from scans.models import Connection, Scan
from tests.reports.rows import add_row

READY = Attestation("aesthetic", "consent", date(2026, 7, 1), "2.1")
FORM = {
    "purpose": "medical",
    "basis": "treatment",
    "basis_on": "2026-07-01",
    "basis_version": "3",
}


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def four(account: Connection) -> list[Scan]:
    """An empty draft, a complete one, a released one, and a scan on its way."""
    with practice_scope(account.practice_id):
        empty = add_row(account, "S-empty", report={"purpose": ""})
        complete = add_row(account, "S-complete", report={"purpose": ""})
        attest(report=complete.report, attestation=READY, who=OPERATOR)
        released = add_row(
            account, "S-released", report={"state": "released", "purpose": "medical"}
        )
        return [empty, complete, released, add_row(account, "S-way", state=Scan.State.PULLED)]


def chosen(scans: list[Scan], **more: str) -> dict[str, object]:
    return {"scan": [str(scan.pk) for scan in scans], **more}


def states(scans: list[Scan]) -> dict[str, tuple[str, str]]:
    with practice_scope(scans[0].practice_id):
        rows = Report.objects.filter(scan__in=scans)
        return {
            row.scan.scan_identifier: (row.state, row.purpose)
            for row in rows.select_related("scan")
        }


def of_row(page: str, identifier: str) -> str:
    """The words of the row of a scan."""
    row = next(row for row in page.split("<tr>") if identifier in row)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))


def test_the_review_says_of_each_what_will_happen_and_changes_nothing(
    staff: Client, four: list[Scan]
) -> None:
    before = states(four)
    query = urlencode(chosen(four, act="release"), doseq=True)
    page = staff.get(f"/en/scans/bulk/?{query}").content.decode()
    assert "Release 1 report?" in page
    assert "State the legal basis" in of_row(page, "S-empty") or "medical" in of_row(
        page, "S-empty"
    )
    assert "is released, and mailed" in of_row(page, "S-complete")
    assert "released already" in of_row(page, "S-released")
    assert "not ready yet" in of_row(page, "S-way")
    assert states(four) == before


def test_each_row_tells_what_came_of_it(staff: Client, four: list[Scan]) -> None:
    page = staff.post("/en/scans/bulk/do/", chosen(four, act="release")).content.decode()
    assert "1 report released" in page
    assert "done" in of_row(page, "S-complete")
    assert "released already" in of_row(page, "S-released")
    assert states(four) == {
        "S-empty": ("draft", ""),
        "S-complete": ("released", "aesthetic"),
        "S-released": ("released", "medical"),
    }


def test_an_attestation_of_several_can_be_taken_back(staff: Client, four: list[Scan]) -> None:
    before = states(four)
    page = staff.post("/en/scans/bulk/do/", chosen(four, act="attest", **FORM)).content.decode()
    assert "2 reports changed" in page
    assert states(four)["S-empty"] == ("draft", "medical")
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    page = staff.post("/en/scans/bulk/undo/", {"token": token[1]}).content.decode()
    assert "2 reports are as they were before" in page
    assert states(four) == before
    with practice_scope(four[0].practice_id):
        assert Attestation.of(Report.objects.get(scan=four[1])) == READY


def test_what_was_changed_or_released_since_stays_as_it_is(staff: Client, four: list[Scan]) -> None:
    page = staff.post("/en/scans/bulk/do/", chosen(four, act="attest", **FORM)).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    with practice_scope(four[0].practice_id):
        attest(report=four[0].report, attestation=READY, who=OPERATOR)
    staff.post(f"/en/scans/{four[1].pk}/release/")
    page = staff.post("/en/scans/bulk/undo/", {"token": token[1]}).content.decode()
    assert page.count("It was changed since") == 2
    assert states(four)["S-empty"] == ("draft", "aesthetic")
    assert states(four)["S-complete"] == ("released", "medical")


def test_nobody_takes_back_what_somebody_else_did(
    staff: Client, four: list[Scan], practice: Practice
) -> None:
    page = staff.post("/en/scans/bulk/do/", chosen(four, act="attest", **FORM)).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    colleague = User.objects.create(email="colleague@example.org", practice=practice)
    with practice_scope(practice.pk), pytest.raises(signing.BadSignature):
        undo(token[1], who=actor(colleague))
    assert staff.post("/en/scans/bulk/undo/", {"token": "made up"}).status_code == 422


def test_a_form_with_a_mistake_comes_back_with_the_choice(staff: Client, four: list[Scan]) -> None:
    wrong = FORM | {"purpose": "aesthetic"}
    answer = staff.post("/en/scans/bulk/do/", chosen(four, act="attest", **wrong))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "An aesthetic report needs the written consent" in page
    assert page.count('name="scan"') == 4
    assert states(four)["S-empty"] == ("draft", "")


def test_scans_of_another_practice_are_not_among_the_chosen(
    client: Client, four: list[Scan], other_practice: Practice
) -> None:
    stranger = User.objects.create(email="stranger@example.org", practice=other_practice)
    client.force_login(stranger)
    page = client.post("/en/scans/bulk/do/", chosen(four, act="release")).content.decode()
    assert "0 reports released" in page
    assert "S-" not in page
    assert states(four)["S-complete"] == ("draft", "aesthetic")


@pytest.mark.parametrize("scan", [[], ["not an id"]])
def test_where_nothing_is_chosen_nothing_is_asked(staff: Client, scan: list[str]) -> None:
    for act in ("attest", "release", "erase"):
        assert staff.post("/en/scans/bulk/do/", {"act": act, "scan": scan}).status_code == 302


def test_erasing_several_asks_for_the_words_with_their_number(
    staff: Client, four: list[Scan]
) -> None:
    two = four[:2]
    query = urlencode(chosen(two), doseq=True)
    page = staff.get(f"/en/scans/erase/?{query}").content.decode()
    assert "Erase 2 reports for good?" in page
    assert "To confirm, type: erase 2" in page
    answer = staff.post("/en/scans/erase/", chosen(two, confirmation="erase 3"))
    assert answer.status_code == 422
    assert len(states(four)) == 3
    erased = staff.post("/en/scans/erase/", chosen(two, confirmation=" Erase  2 "), follow=True)
    page = erased.content.decode()
    assert "2 reports are erased" in page
    assert set(states(four)) == {"S-released"}
    with practice_scope(four[0].practice_id):
        receipts = Erasure.objects.values_list("pk", flat=True)
        assert sorted(f"/en/erasures/{pk}/" in page for pk in receipts) == [True, True]


def test_erasing_asks_for_a_factor_and_comes_back_to_the_same_choice(
    staff: Client, four: list[Scan]
) -> None:
    with practice_scope(four[0].practice_id):
        StaffSession.objects.update(fresh_at=None)
    query = urlencode(chosen(four), doseq=True)
    address = staff.get(f"/en/scans/erase/?{query}")["Location"]
    assert address.startswith("/en/confirm/?next=")
    assert str(four[3].pk) in address


def test_a_reader_gets_no_boxes_and_no_way(
    client: Client, practice: Practice, four: list[Scan]
) -> None:
    reader = User.objects.create(
        email="reader@example.org", practice=practice, role=User.Role.READER
    )
    client.force_login(reader)
    assert 'type="checkbox"' not in client.get("/en/scans/").content.decode()
    for path in ("bulk/do/", "bulk/undo/", "erase/"):
        assert client.post(f"/en/scans/{path}", chosen(four, act="release")).status_code == 403


@pytest.fixture
def treated(account: Connection) -> list[Scan]:
    """Two medical reports, a draft and a released one, and an aesthetic one."""
    kinds = (("draft", "medical"), ("released", "medical"), ("released", "aesthetic"))
    with practice_scope(account.practice_id):
        return [
            add_row(account, f"S-{state}-{purpose}", report={"state": state, "purpose": purpose})
            for state, purpose in kinds
        ]


def ends(scans: list[Scan]) -> list[date | None]:
    with practice_scope(scans[0].practice_id):
        return [Report.objects.get(scan=scan).treatment_ended_on for scan in scans]


def test_the_end_of_treatment_of_several_moves_each_due_date_and_can_be_taken_back(
    staff: Client, treated: list[Scan]
) -> None:
    query = urlencode(chosen(treated, act="treatment"), doseq=True)
    page = staff.get(f"/en/scans/bulk/?{query}").content.decode()
    assert "End of the treatment of 2 reports" in page
    assert "Only a medical report" in of_row(page, "S-released-aesthetic")
    with practice_scope(treated[0].practice_id):
        due = Report.objects.get(scan=treated[1]).due_on
    form = chosen(treated, act="treatment", ended_on="2026-07-01")
    page = staff.post("/en/scans/bulk/do/", form).content.decode()
    assert "2 reports changed" in page
    assert ends(treated) == [date(2026, 7, 1), date(2026, 7, 1), None]
    with practice_scope(treated[0].practice_id):
        assert Report.objects.get(scan=treated[1]).due_on != due
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    staff.post(f"/en/scans/{treated[0].pk}/treatment/", {"ended_on": "2026-07-02"})
    page = staff.post("/en/scans/bulk/undo/", {"token": token[1]}).content.decode()
    assert "It was changed since" in of_row(page, "S-draft-medical")
    assert ends(treated) == [date(2026, 7, 2), None, None]


@pytest.mark.parametrize(
    ("day", "words"),
    [("", "Please give the day."), ("2999-01-01", "yet to come"), ("soon", "This is no date.")],
)
def test_no_treatment_of_several_ends_on_no_day(
    staff: Client, treated: list[Scan], day: str, words: str
) -> None:
    answer = staff.post("/en/scans/bulk/do/", chosen(treated, act="treatment", ended_on=day))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ends(treated) == [None, None, None]
