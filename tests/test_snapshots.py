"""What is put back is as good as made; what differs is made."""

from collections.abc import Callable

import pytest
from django.test import Client

from audit.access import record_access
from audit.chain import SYSTEM, first_broken
from audit.words import Action
from dermalia.sandbox.isemeco import IsemecoStandIn
from dermalia.sandbox.resend import ResendStandIn
from dermalia.sealing import objects
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from scans.models import Asset, Connection, Scan
from tests.conftest import discover, link_in_mail
from tests.snapshots import Snapshots

AGAIN = pytest.mark.parametrize("time", ["first", "second", "third"])


def damaged(report: Report) -> list[str]:
    """Names of the files that storage does not give back as they were sealed."""
    with practice_scope(report.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=report.scan_id)
        key = unlock(report.scan.key_id, access=access)
        files = list(Asset.objects.filter(scan=report.scan))
    assert len(files) > 20
    return [
        file.name for file in files if len(objects.read_all(key, file.object_name)) != file.bytes
    ]


@AGAIN
def test_the_report_opens_and_its_log_is_whole(
    time: str, client: Client, report: Report, mailbox: ResendStandIn
) -> None:
    assert damaged(report) == []
    assert client.post(link_in_mail(report, mailbox), follow=True).status_code == 200
    with practice_scope(report.practice_id):
        assert first_broken() is None


@AGAIN
def test_the_cluster_has_handed_out_the_scan_and_lists_nothing_new(
    time: str, report: Report, account: Connection, cluster: IsemecoStandIn
) -> None:
    assert set(cluster.downloads(report.scan.scan_identifier).values()) == {1}
    assert [scan.pk for scan in discover(account)] == [report.scan_id]


@pytest.mark.parametrize("harm", ["delete", "overwrite", "add"])
def test_what_a_test_does_to_objects_is_undone_for_the_next(
    harm: str, report: Report, snapshots: Snapshots
) -> None:
    bucket, prefix = objects._storage().bucket, report.scan.prefix
    names = {entry.key for entry in bucket.objects.filter(Prefix=prefix)}
    one = bucket.Object(min(names))
    {
        "delete": one.delete,
        "overwrite": lambda: one.put(Body=b"?" * one.content_length),
        "add": lambda: bucket.Object(f"{prefix}/more").put(Body=b"?"),
    }[harm]()
    snapshots._put_back_objects(snapshots._taken["a report"])
    assert {entry.key for entry in bucket.objects.filter(Prefix=prefix)} == names
    assert damaged(report) == []


def a_code(practice: Practice) -> None:
    practice.access_code = True
    practice.save()


def a_scan_more(practice: Practice) -> None:
    with practice_scope(practice.pk):
        Scan.objects.create(
            practice=practice,
            connection=Connection.objects.get(),
            scan_identifier="another",
            key_id="00000000-0000-4000-8000-000000000001",
            prefix="another",
        )


@pytest.mark.parametrize("differ", [a_code, a_scan_more])
def test_where_a_practice_differs_it_is_made_the_real_way(
    differ: Callable[[Practice], None],
    practice: Practice,
    account: Connection,
    snapshots: Snapshots,
) -> None:
    made: list[str] = []

    def make() -> int:
        made.append("made")
        return practice.pk

    snapshots.again(differ.__name__, make, practice_id=practice.pk)
    snapshots.again(differ.__name__, make, practice_id=practice.pk)
    assert made == ["made"]
    differ(practice)
    snapshots.again(differ.__name__, make, practice_id=practice.pk)
    assert made == ["made", "made"]
