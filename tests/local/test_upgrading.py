"""A newer release on a practice's server: a backup, then its migrations; and the way back."""

import shutil
from pathlib import Path

import pytest

from dermalia.embedded import Services
from dermalia.embedded.layout import Layout
from tests.local.server import PracticeServer
from tests.mail.smtp_server import SmtpServer

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("services")]
NAMES = (
    "from practices.models import Practice; print(*Practice.objects.values_list('name', flat=True))"
)


def set_back(server: PracticeServer) -> None:
    """Make the database an earlier release's, from before exports."""
    with Services(server.data, durable=False):
        server.manage("migrate", "exports", "zero", "--database=owner")


def test_a_newer_release_makes_a_backup_first_which_restores_from_the_nas(
    tmp_path: Path, authority: Path, mail: SmtpServer
) -> None:
    server = PracticeServer(tmp_path / "practice")
    nas, safe = tmp_path / "nas", tmp_path / "safe"
    nas.mkdir()
    safe.mkdir()
    flags = [*server.flags(mail, authority), f"--copies={nas}", f"--key-copies={safe}"]
    set_back(server)
    refuse_without_backup(server, flags)
    # It asks again, so nothing was migrated meanwhile.
    with server.up(*flags):
        assert "making a backup" in server.said()
        # Workers that have just started keep house, which a backup does not wait for.
        server.until(lambda: server.manage("backup", check=False).returncode == 0)
        server.manage("copies")
    made = list((nas / "backup").rglob("*.sealed"))
    assert len(made) == 2 * 2  # of data and keys, before the upgrade and after
    assert not list(nas.rglob("*.key"))
    shutil.rmtree(server.data)
    shutil.copytree(safe / "keys", server.data)
    server.manage("copies", "--bring-back", str(nas))
    server.manage("restore")
    with Services(server.data, durable=False):
        assert server.python(NAMES) == "Demo practice\n"


def refuse_without_backup(server: PracticeServer, flags: list[str]) -> None:
    """What cannot be backed up is not migrated either."""
    recipients = Layout.of(server.data).backup_recipients
    recipients.write_text("damaged")
    done = server.manage("up", "--local", *flags, check=False)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    recipients.unlink()
