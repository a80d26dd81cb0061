"""Orders and cases, worked off as a worker would."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.chain import OPERATOR
from audit.models import Entry
from closing.domain.contract import give_notice
from closing.domain.everything import go_on, order_everything
from closing.models import ContractEnd, Everything
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from scans.models import Connection
from tests.conftest import discover, report_of
from tests.exports.conftest import quick_documents

__all__ = ["quick_documents"]


@pytest.fixture
def two_scans(
    report: Report, account: Connection, cluster: IsemecoStandIn, small_capture: Capture
) -> tuple[Report, Report]:
    """Two released reports of the practice."""
    cluster.add_scan(small_capture, first_name="Testperson Ö", email="second@example.org")
    return report, report_of(discover(account)[1])


def ordered(practice: Practice, kind: Everything.Kind = Everything.Kind.DATASET) -> Everything:
    with practice_scope(practice.pk):
        return order_everything(practice_id=practice.pk, kind=kind, who=OPERATOR)


def again(order: Everything) -> Everything:
    """The order as it is now, due at once."""
    with practice_scope(order.practice_id):
        Everything.objects.filter(pk=order.pk).update(
            next_attempt_at=timezone.now() - timedelta(hours=1), leased_until=None
        )
        return Everything.objects.select_related("practice").get(pk=order.pk)


def worked_off(order: Everything) -> Everything:
    """Until it is verified."""
    for _ in range(20):
        go_on(practice_id=order.practice_id, order_id=order.pk)
        order = again(order)
        if order.state == Everything.State.VERIFIED:
            return order
    raise AssertionError(f"it stays {order.state}: {order.last_error}")


def noticed(practice: Practice) -> ContractEnd:
    with practice_scope(practice.pk):
        return give_notice(practice_id=practice.pk, who=OPERATOR)


def actions(practice_id: int) -> list[str]:
    with practice_scope(practice_id):
        return list(Entry.objects.order_by("sequence").values_list("action", flat=True))
