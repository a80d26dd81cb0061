"""What readers of a report are told about their data, and what they may ask for."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format

from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from practices.models import Practice, Purpose
from reports.domain.due import set_due
from reports.domain.links import disable
from reports.domain.privacy import REQUESTS, privacy_facts
from reports.domain.restriction import restrict_report
from reports.models import Case, Report
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Asset
from scans.queries import Person
from tests.frontend.words import ALLOWED, RULES


def text_of(page: bytes) -> str:
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", page.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(shown))


def cases(report: Report) -> list[Case]:
    with practice_scope(report.practice_id):
        return list(Case.objects.order_by("opened_at"))


def test_the_panel_names_who_answers_what_is_stored_and_until_when(
    opened: Client, link: str, report: Report
) -> None:
    page = text_of(opened.get(link.replace("/de/", "/en/")).content)
    with practice_scope(report.practice_id):
        number = Asset.objects.filter(stored_at__isnull=False).count()
    for words in (
        "Responsible for it Demo practice",
        "practice@example.org",
        "Stored on its behalf by Dermalia:",
        "It is kept for 24 months from the capture on ",
        f"The values and {number} files",
        "Your first name and your e-mail address",
    ):
        assert words in page, words


def test_the_panel_leads_to_each_request(opened: Client, link: str) -> None:
    page = opened.get(link).content.decode()
    for kind in Case.Kind:
        assert f'href="{link}privacy/?kind={kind}"' in page


def test_what_is_known_of_the_person_is_said_as_it_is(report: Report, scope: None) -> None:
    for person, words in (
        (Person("Demo", "demo@example.org"), "Your first name and your e-mail address"),
        (Person("Demo", ""), "Your first name"),
        (Person("", "demo@example.org"), "Your e-mail address"),
        (Person("", ""), "Neither a name nor an e-mail address"),
    ):
        with translation.override("en"):
            facts = privacy_facts(report=report, person=person)
        assert facts.personal == words
    assert facts.files == Asset.objects.filter(stored_at__isnull=False).count()
    assert facts.bytes == sum(Asset.objects.values_list("bytes", flat=True))


@pytest.mark.parametrize(
    ("purpose", "words"), [("medical", "10 years"), ("aesthetic", "24 months")]
)
def test_why_it_is_kept_follows_the_purpose(
    report: Report, scope: None, purpose: str, words: str
) -> None:
    report.purpose = purpose
    set_due(report)
    captured_on = report.due_from_on
    assert captured_on is not None
    with translation.override("en"):
        told = privacy_facts(report=report, person=Person("", "")).kept_why
        assert f"{words} from the capture on {date_format(captured_on)}" in told


def test_without_having_opened_the_report_one_is_sent_to_its_gate(
    client: Client, link: str, report: Report
) -> None:
    for method in (client.get, client.post, client.head):
        answer = method(f"{link}privacy/", {"kind": "erasure"})
        assert (answer.status_code, answer.headers["Location"]) == (303, link)
    assert cases(report) == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_request_becomes_a_case_and_the_page_says_what_happens_next(
    opened: Client, link: str, report: Report, language: str
) -> None:
    address = link.replace("/de/", f"/{language}/") + "privacy/"
    for kind in REQUESTS:  # the objection comes last: nothing is shown after it
        assert f'id="kind-{kind}"' in opened.get(address).content.decode()
        answer = opened.post(address, {"kind": kind, "message": "Zeile 1\r\nZeile 2"})
        case = cases(report)[-1]
        page = text_of(answer.content)
        assert answer.status_code == 200
        assert (case.kind, case.opened_by) == (kind, Case.OpenedBy.PATIENT)
        assert str(case.pk) in page
        with translation.override(language):
            assert date_format(case.due_on) in page


def test_opening_the_page_asks_for_nothing(opened: Client, link: str, report: Report) -> None:
    for kind in Case.Kind:
        page = opened.get(f"{link}privacy/?kind={kind}").content.decode()
        assert re.search(rf'value="{kind}"[^>]* checked', page)
    assert cases(report) == []


def test_a_double_click_is_one_request(opened: Client, link: str, report: Report) -> None:
    bodies = {
        opened.post(f"{link}privacy/", {"kind": "access", "message": "x"}).content for _ in range(2)
    }
    assert len(cases(report)) == 1
    assert len(bodies) == 1


def test_what_was_asked_for_is_shown_as_waiting(opened: Client, link: str) -> None:
    address = link.replace("/de/", "/en/") + "privacy/"
    opened.post(address, {"kind": "access"})
    page = opened.get(f"{address}?kind=access").content.decode()
    assert re.search(r'value="access"[^>]* disabled', page)
    assert "You have asked for this." in page


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(
    opened: Client, link: str, report: Report
) -> None:
    address = f"{link}privacy/"
    none = opened.post(address, {"message": "Bitte <antworten>"})
    assert none.status_code == 422
    assert "Bitte &lt;antworten&gt;" in none.content.decode()
    assert opened.post(address, {"kind": "everything"}).status_code == 422
    assert opened.post(address, {"kind": "access", "message": "x" * 501}).status_code == 422
    assert opened.post(address, {"kind": "access", "message": "\x00"}).status_code == 422
    assert cases(report) == []


def test_a_line_end_counts_as_one_character(opened: Client, link: str, report: Report) -> None:
    message = "\r\n".join(["x"] * 250)  # 499 characters in the browser
    answer = opened.post(f"{link}privacy/", {"kind": "access", "message": message})
    assert answer.status_code == 200
    assert len(cases(report)) == 1


def test_asking_for_restriction_restricts_nothing_and_the_page_says_so(
    opened: Client, link: str, report: Report
) -> None:
    address = link.replace("/de/", "/en/") + "privacy/"
    page = text_of(opened.get(address).content)
    assert "The request alone changes nothing yet: the practice decides." in page
    opened.post(address, {"kind": "restriction"})
    assert opened.get(link).status_code == 200


@pytest.mark.parametrize(
    ("kind", "purpose", "hides"),
    [
        ("objection", Purpose.AESTHETIC, True),
        ("erasure", Purpose.MEDICAL, True),
        ("erasure", Purpose.AESTHETIC, False),
    ],
)
def test_a_request_that_hides_the_report_warns_before_and_does_so(
    opened: Client, link: str, report: Report, kind: str, purpose: Purpose, hides: bool
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(purpose=purpose)
    address = link.replace("/de/", "/en/") + "privacy/"
    option = opened.get(address).content.decode().split(f'id="about-{kind}"')[1]
    assert ("closed as soon as you send" in option.split('class="option"')[0]) is hides
    sent = text_of(opened.post(address, {"kind": kind}).content)
    assert ("Your page is closed from now on" in sent) is hides
    assert ("Back to my page" in sent) is not hides
    assert opened.get(link).status_code == (410 if hides else 200)


def test_the_request_is_entered_in_the_log(opened: Client, link: str, report: Report) -> None:
    opened.post(f"{link}privacy/", {"kind": "portability"})
    case = cases(report)[0]
    with practice_scope(report.practice_id):
        entry = Entry.objects.get(action=Action.CASE_OPENED)
    assert (entry.object_id, entry.actor) == (case.pk, "patient")


def test_these_pages_keep_the_link_to_themselves(opened: Client, link: str) -> None:
    for answer in (
        opened.get(f"{link}privacy/"),
        opened.post(f"{link}privacy/", {"kind": "access"}),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert not answer.cookies


@pytest.mark.parametrize("language", RULES)
def test_no_word_on_these_pages_claims_a_medical_purpose(
    opened: Client, link: str, report: Report, language: str
) -> None:
    with practice_scope(report.practice_id):
        Report.objects.update(purpose=Purpose.MEDICAL)
    address = link.replace("/de/", f"/{language}/")
    pages = [
        opened.get(address),
        opened.get(f"{address}privacy/"),
        opened.post(f"{address}privacy/", {"kind": "access"}),
        opened.post(f"{address}privacy/", {"kind": "objection"}),
        opened.get(address),
    ]
    with translation.override(language):
        exempt = [str(text) for text in ALLOWED]
    for page in pages:
        text = text_of(page.content)
        for notice in exempt:
            text = text.replace(notice, "")
        assert RULES[language].findall(text) == []


def gone(report: Report, how: str) -> None:
    with practice_scope(report.practice_id):
        if how == "erased":
            request_erasure(scan=report.scan, reason=Erasure.Reason.STAFF, who=SYSTEM)
        elif how == "revoked":
            disable(report_id=report.pk)
        elif how == "restricted":
            restrict_report(report=report, reason=Report.Restriction.CLAIMS, who=SYSTEM)
        else:
            Report.objects.update(due_on=timezone.localdate() - timedelta(days=1))


@pytest.mark.parametrize("opened_before", [True, False])
def test_whyever_a_report_is_gone_its_link_answers_the_same(
    client: Client, link: str, report: Report, practice: Practice, opened_before: bool
) -> None:
    if opened_before:
        client.post(link)
    answers = set()
    with practice_scope(report.practice_id):
        saved = Report.objects.values("due_on", "restricted_at").get()
    for how in ("due", "restricted", "revoked", "erased"):
        gone(report, how)
        for method in ("get", "post"):
            for address in (link, f"{link}privacy/"):
                answer = getattr(client, method)(address)
                answers.add((answer.status_code, answer.content.replace(b"privacy/", b"")))
        assert client.head(link).status_code == 410
        with practice_scope(report.practice_id):
            Report.objects.update(**saved)
    assert len(answers) == 1
    status, body = answers.pop()
    assert status == 410
    assert b"practice@example.org" in body
    assert b"og:" not in body


def test_other_methods_are_not_allowed_on_any_link(client: Client, link: str) -> None:
    for address in (link, f"{link}privacy/", f"/de/r/{'x' * 25}/"):
        for method in (client.put, client.patch, client.delete, client.options):
            assert method(address).status_code == 405


def test_every_kind_of_case_has_words_for_the_person() -> None:
    assert set(REQUESTS) == set(Case.Kind)
