"""A backup read as a thief would: its bytes, its names, its manifests, its public keys."""

import pytest
from django.conf import settings

from backups.kinds import Kind
from dermalia.sandbox.face import Capture
from dermalia.sandbox.isemeco import IsemecoStandIn
from practices.domain.tenants import create_practice
from reports.models import Report
from tests.backups.conftest import back_up, names, plaintext, spelled_out, stored
from tests.conftest import connect_to, discover, release_at_once, report_of
from tests.test_nothing_in_clear import leaks

pytestmark = pytest.mark.usefixtures("committed")

MARK = "Zweifelsfrei-Einmalig"


def test_a_backup_s_bytes_tell_nothing(cluster: IsemecoStandIn, small_capture: Capture) -> None:
    """Nor do the names, the manifests, the public keys and the ledger outside."""
    practice = create_practice(name=MARK, email="practice@example.org")
    release_at_once(practice)
    cluster.add_scan(small_capture, first_name="Testperson Ä", email="marker@example.org")
    report: Report = report_of(discover(connect_to(cluster, practice))[0])
    made = back_up()
    secrets = {
        "practice": MARK,
        "first name": "Testperson Ä",
        "address": "marker@example.org",
        "scan": str(report.scan_id),
        "key": report.scan.key_id.hex,
    }
    for name in names():
        assert leaks(name.encode() + stored(name), secrets) == []
    assert leaks(settings.BACKUP_RECIPIENTS_FILE.read_bytes(), secrets) == []
    # Opened, the practice's name is there: the search would have found it.
    archive = plaintext(made[Kind.DATA])
    assert leaks(spelled_out(archive), {"practice": MARK, "scan": str(report.scan_id)}) == [
        "practice",
        "scan",
    ]
    assert leaks(spelled_out(archive), {"first name": "Testperson Ä"}) == []
