"""A statement that is kept answers as its queryset would, for whichever practice is in scope."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import CharField, DateTimeField, IntegerField, UUIDField
from django.db.models.functions import Now
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from dermalia.tenancy import NoPracticeScope, current_practice, practice_scope
from dermalia.tenancy.scope import in_scope
from dermalia.tenancy.statements import Among, Figures, Given, Statement
from practices.models import Practice
from scans.models import Connection, Identity, Scan
from scans.queries import first_name_index
from tests.tenancy.test_scope import make_scan


def by_identifier() -> Statement[Scan]:
    return Statement(
        lambda: Scan.objects.filter(scan_identifier=Given("wanted", CharField())).order_by("pk")
    )


def test_it_is_put_together_once_and_asked_for_any_value_and_practice(
    practice: Practice, other_practice: Practice
) -> None:
    built = []

    def build() -> object:
        built.append(True)
        return Scan.objects.filter(scan_identifier=Given("wanted", CharField()))

    statement: Statement[Scan] = Statement(build)  # type: ignore[arg-type]
    for each in (practice, other_practice):
        with practice_scope(each.pk):
            scan = make_scan(each, f"S-{each.pk}")
            assert statement.rows(wanted=f"S-{each.pk}") == [scan]
            assert statement.rows(wanted="another") == []
    assert built == [True]


def test_a_practice_never_gets_the_rows_of_the_one_it_was_put_together_for(
    practice: Practice, other_practice: Practice
) -> None:
    statement = by_identifier()
    with practice_scope(practice.pk):
        make_scan(practice)
        assert statement.first(wanted="S-1") is not None
    with practice_scope(other_practice.pk):
        assert statement.first(wanted="S-1") is None


def test_outside_of_a_scope_it_raises_as_the_manager_does(practice: Practice) -> None:
    statement = by_identifier()
    with practice_scope(practice.pk):
        statement.rows(wanted="S-1")
    with pytest.raises(NoPracticeScope):
        statement.rows(wanted="S-1")


def test_a_value_that_is_missing_is_an_error(practice: Practice) -> None:
    with practice_scope(practice.pk), pytest.raises(KeyError, match="wanted"):
        by_identifier().rows()


def test_what_belongs_to_one_practice_cannot_get_into_it(practice: Practice) -> None:
    """Neither its number nor anything that is looked up with it, such as a blind index."""
    with practice_scope(practice.pk):
        make_scan(practice)
        with pytest.raises(NoPracticeScope):
            Statement(lambda: Scan.across_practices.filter(practice=current_practice())).rows()
        with pytest.raises(NoPracticeScope):
            Statement(
                lambda: Identity.objects.filter(first_name_index=first_name_index("Demo"))
            ).rows()
        assert in_scope()
        assert current_practice() == practice.pk


def test_a_time_cannot_get_into_it_for_good(practice: Practice) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    with practice_scope(practice.pk), pytest.raises(TypeError, match="Given"):
        Statement(lambda: Scan.objects.filter(captured_at__lt=then)).rows()


def test_a_queryset_with_a_place_in_it_is_not_asked_directly(practice: Practice) -> None:
    with practice_scope(practice.pk):
        rows = Scan.objects.filter(scan_identifier=Given("wanted", CharField()))
        with pytest.raises(ProgrammingError, match="cannot adapt"), transaction.atomic():
            list(rows)


def test_instances_hold_what_was_selected_and_fetch_the_rest(practice: Practice) -> None:
    statement = Statement(
        lambda: (
            Scan.objects.filter(pk=Given("pk", UUIDField()))
            .select_related("identity", "connection")
            .only("state", "connection__base_url", "identity__first_name")
            .annotate(young=Now() - Given("age", DateTimeField()))
        )
    )
    with practice_scope(practice.pk):
        scan = make_scan(practice)
        with CaptureQueriesContext(connection) as asked:
            (found,) = statement.rows(pk=scan.pk, age=datetime.now(UTC) - timedelta(hours=1))
            assert (found, found.state, found._state.adding) == (scan, "discovered", False)
            assert found.connection.base_url == "https://example.org"
            assert found.young > timedelta(minutes=59)
            assert not hasattr(found, "identity")
        assert len(asked) == 1
        assert found.get_deferred_fields() >= {"scan_identifier", "measurements"}
        assert found.scan_identifier == "S-1"


def test_instances_can_be_changed_and_written(practice: Practice) -> None:
    statement = Statement(lambda: Connection.objects.order_by("pk"))
    with practice_scope(practice.pk):
        make_scan(practice)
        (found,) = statement.rows()
        assert found.client_secret is not None
        found.last_error = "Demo"
        found.save()
        assert Connection.objects.get().last_error == "Demo"
        assert Connection.objects.get() == found


def test_a_model_that_counts_on_being_made_is_refused(practice: Practice) -> None:
    def listener(**_told: object) -> None:
        return None

    post_init.connect(listener, sender=Scan)
    try:
        with practice_scope(practice.pk), pytest.raises(TypeError, match="Scan is more"):
            by_identifier().rows(wanted="S-1")
    finally:
        post_init.disconnect(listener, sender=Scan)


def test_values_come_as_tuples_and_many_fit_one_place(practice: Practice) -> None:
    names = Figures(
        lambda: (
            Scan.objects.filter(Among("id", "ids", UUIDField()))
            .order_by("scan_identifier")
            .values_list("scan_identifier", "connection__base_url")
        )
    )
    with practice_scope(practice.pk):
        scan = make_scan(practice)
        assert names.rows(ids=[scan.pk]) == [("S-1", "https://example.org")]
        assert names.any(ids=[scan.pk])
        assert not names.any(ids=[])


def test_a_statement_may_stand_over_tables_that_nobody_owns(practice: Practice) -> None:
    statement = Statement(lambda: Practice.objects.filter(pk=Given("pk", IntegerField())))
    assert statement.first(pk=practice.pk) == practice
    assert statement.first(pk=0) is None


def test_a_failure_while_it_is_put_together_leaves_the_scope_as_it_was(practice: Practice) -> None:
    def fails() -> object:
        raise IntegrityError

    with practice_scope(practice.pk):
        with pytest.raises(IntegrityError):
            Statement(fails).rows()  # type: ignore[arg-type]
        assert Scan.objects.count() == 0
