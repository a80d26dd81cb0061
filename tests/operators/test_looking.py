"""Looking at lists and rows: metadata alone, and every look on record with its reason."""

import psycopg
import pytest
from django.contrib.admin.models import LogEntry
from django.db import ProgrammingError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from audit import archive
from audit.models import Entry
from audit.verification import verify
from audit.words import Action, Actor
from dermalia.embedded import database_url
from dermalia.tenancy import practice_scope
from operators.admin.base import Watched
from operators.domain.log import NO_PRACTICE, list_id, no_practice, object_id
from operators.domain.statements import id_of, is_as_stated, state
from operators.models import Statement
from operators.site import site
from practices.models import Practice
from reports.models import Report
from scans.models import Scan
from tests.conftest import CLONE, superuser_connection
from tests.environment import DATA
from tests.operators.conftest import REASON, Desk
from tests.tenancy.test_scope import make_scan

pytestmark = [pytest.mark.usefixtures("committed")]
ADDRESSES = sorted(
    f"/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry
)


@pytest.fixture
def scan(practice: Practice) -> Scan:
    with practice_scope(practice.pk):
        return make_scan(practice, "SCANNER-SECRET-17")


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_list_opens_and_is_on_record(admin: Desk, scan: Scan, path: str) -> None:
    assert admin.get(path).status_code == 200
    app, model = path.strip("/").split("/")
    (label,) = [m._meta.label for m in site._registry if m._meta.label_lower == f"{app}.{model}"]
    with no_practice():
        entry = Entry.objects.latest("sequence")
    assert (entry.action, entry.actor, entry.actor_id, entry.object_id) == (
        Action.ADMIN_LISTED,
        Actor.OPERATOR,
        admin.operator.pk,
        list_id(label),
    )


def test_every_model_admin_is_read_only() -> None:
    assert all(isinstance(found, Watched) for found in site._registry.values())


def test_a_row_s_page_is_on_record_in_its_practice_s_log_with_the_reason(
    admin: Desk, scan: Scan
) -> None:
    assert admin.get(f"/scans/scan/{scan.pk}/change/").status_code == 200
    with practice_scope(scan.practice_id):
        told = list(Entry.objects.order_by("sequence").values_list("action", "object_id"))
    statement = Statement.objects.get()
    assert told[-2:] == [
        (Action.REASON_STATED, statement.pk),
        (Action.ADMIN_VIEWED, object_id("scans.Scan", scan.pk)),
    ]
    assert statement.text == REASON


def test_a_reason_is_told_once_in_each_log(admin: Desk, scan: Scan) -> None:
    for _ in range(3):
        admin.get(f"/scans/scan/{scan.pk}/change/")
    with practice_scope(scan.practice_id):
        assert Entry.objects.filter(action=Action.REASON_STATED).count() == 1
        assert Entry.objects.filter(action=Action.ADMIN_VIEWED).count() == 3


def test_no_identifier_of_a_scan_is_shown(admin: Desk, scan: Scan) -> None:
    for path in ("/scans/scan/", f"/scans/scan/{scan.pk}/change/"):
        assert b"SCANNER-SECRET" not in admin.get(path).content


@pytest.mark.parametrize("way", ["add/", "{pk}/delete/", "{pk}/history/"])
def test_nothing_is_added_deleted_or_remembered_by_django(
    admin: Desk, practice: Practice, way: str
) -> None:
    # The address of a row without "change/" redirects: to a row of that name, which is none.
    path = f"/practices/practice/{way.format(pk=practice.pk)}"
    assert b"<form" not in admin.client.get(path, follow=True).content.split(b"<main")[1]
    assert Practice.objects.filter(pk=practice.pk).exists()


def test_a_row_is_not_changed_by_posting_to_its_page(admin: Desk, practice: Practice) -> None:
    path = f"/practices/practice/{practice.pk}/change/"
    assert admin.post(path, {"name": "Other", "city": "Other"}).status_code == 403
    practice.refresh_from_db()
    assert practice.name == "Demo practice"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT scan_identifier FROM scans_scan",
        "SELECT measurements FROM scans_scan",
        "SELECT first_name FROM scans_identity",
        "SELECT link FROM reports_report",
        "SELECT purpose FROM reports_report",
        "SELECT client_secret FROM scans_connection",
        "SELECT message FROM reports_case",
        'SELECT * FROM keystore."report_key"',
        "SELECT * FROM operators_operatorpasskey",
        "UPDATE practices_practice SET name = 'x'",
        "DELETE FROM audit_entry",
        "INSERT INTO operators_incident (id) VALUES (gen_random_uuid())",
    ],
)
def test_the_admin_s_role_in_the_database_cannot(statement: str) -> None:
    with (
        psycopg.connect(database_url(DATA, "dermalia_admin", CLONE), autocommit=True) as role,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        role.execute(statement)


def test_lists_are_read_by_that_role(admin: Desk, scan: Scan) -> None:
    assert connections["admin"].settings_dict["USER"] == "dermalia_admin"
    assert Report.across_practices.using("admin").only("id").count() == 0
    assert Scan.across_practices.count() == 0  # the application's own role sees none
    assert str(scan.pk).encode() in admin.get("/scans/scan/").content


def test_without_a_reason_nothing_is_shown(nobody: Desk) -> None:
    nobody.enrol()
    for path in ADDRESSES:
        assert nobody.get(path)["Location"].startswith("/errand/"), path


def test_a_new_reason_holds_from_then_on(admin: Desk, scan: Scan) -> None:
    admin.state("Ticket 4712: something else altogether")
    admin.get(f"/scans/scan/{scan.pk}/change/")
    with practice_scope(scan.practice_id):
        stated = Entry.objects.get(action=Action.REASON_STATED).object_id
    assert Statement.objects.get(pk=str(stated)).text == "Ticket 4712: something else altogether"


def test_a_statement_is_written_once(admin: Desk) -> None:
    with pytest.raises(ProgrammingError, match="written once"), transaction.atomic():
        Statement.objects.update(text="Nothing of the kind")
    with pytest.raises(ProgrammingError, match="written once"), transaction.atomic():
        connection.cursor().execute("DELETE FROM operators_statement")


def test_changed_words_are_found_out(admin: Desk) -> None:
    statement = Statement.objects.get()
    assert is_as_stated(statement)
    with superuser_connection() as server:
        server.execute("SET session_replication_role = replica")
        server.execute("UPDATE operators_statement SET text = 'Nothing of the kind'")
    statement.refresh_from_db()
    assert not is_as_stated(statement)
    assert b"icon-no" in admin.get("/operators/statement/").content


def test_the_same_words_have_another_id_each_time(admin: Desk) -> None:
    one, other = (state(by=admin.operator, text=REASON) for _ in range(2))
    assert one.pk != other.pk
    assert id_of(one) == one.pk


@pytest.mark.parametrize("text", ["", "too short", " " * 50, "x" * 301])
def test_what_is_no_reason_is_not_kept(text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        state(by=None, text=text)


def test_lists_cost_the_same_queries_for_one_row_and_three(admin: Desk, practice: Practice) -> None:
    def cost() -> tuple[int, int]:
        with (
            CaptureQueriesContext(connections["admin"]) as reads,
            CaptureQueriesContext(connections["default"]) as writes,
        ):
            assert admin.get("/scans/scan/").status_code == 200
        return len(reads), len(writes)

    with practice_scope(practice.pk):
        make_scan(practice, "S-1")
    one = cost()
    with practice_scope(practice.pk):
        for number in (2, 3):
            make_scan(practice, f"S-{number}")
    assert cost() == one


@pytest.fixture
def no_checkpoints() -> None:
    """Those that other tests left vouch for chains that are gone."""
    archive._storage().bucket.objects.all().delete()


@pytest.mark.usefixtures("no_checkpoints")
def test_the_log_of_no_practice_is_whole(admin: Desk, scan: Scan) -> None:
    admin.get(f"/scans/scan/{scan.pk}/change/")
    verdicts = {verdict.practice: verdict for verdict in verify().practices}
    assert {NO_PRACTICE, scan.practice_id} <= set(verdicts)
    assert verdicts[NO_PRACTICE].entries > 5
    assert [verdict.problems for verdict in verdicts.values() if verdict.problems] == []


def test_django_s_own_log_of_the_admin_is_never_written(admin: Desk, scan: Scan) -> None:
    admin.get(f"/scans/scan/{scan.pk}/change/")
    admin.post("/operators/operator/", {"action": "delete_selected"})
    assert LogEntry.objects.count() == 0
