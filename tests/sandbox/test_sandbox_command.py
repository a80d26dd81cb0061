"""``python -m dermalia.sandbox``: silent while all is well, prompt, and clear when it cannot."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.sandbox.calls import get, post
from tests.waiting import free_port, until

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
SECRETS = {"DERMALIA_SANDBOX_CLIENT_SECRET": "secret", "DERMALIA_SANDBOX_API_KEY": "re_key"}


@contextmanager
def sandbox(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dermalia.sandbox", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def answers(url: str) -> bool:
    try:
        return get(url).ok
    except requests.ConnectionError:
        return False


def test_both_stand_ins_run_until_told_to_stop(tmp_path: Path) -> None:
    (tmp_path / "face.glb").write_bytes(b"glTF")
    ports = (free_port(), free_port())
    isemeco, resend = (f"http://127.0.0.1:{port}" for port in ports)
    options = ("--isemeco-port", str(ports[0]), "--resend-port", str(ports[1]))
    with sandbox(*options, "--source", str(tmp_path), "--client-id", "id", **SECRETS) as process:
        until(lambda: answers(isemeco) and answers(resend))
        token = post(
            f"{isemeco}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=("id", "secret"),
        ).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        until(lambda: bool(get(f"{isemeco}/v1/scans", headers=bearer).json()["scans"]))
        mail = {"from": "a@example.org", "to": "b@example.org", "subject": "s", "text": "t"}
        sent = post(f"{resend}/emails", json=mail, headers={"Authorization": "Bearer re_key"})
        assert sent.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with sandbox("--isemeco-port", port, "--scans", "0", **SECRETS) as process:
            output, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == ""
    assert complaint == (
        f"sandbox: IsemecoStandIn cannot listen on 127.0.0.1:{port}: Address already in use\n"
    )


def test_missing_secrets_are_one_clear_line() -> None:
    with sandbox("--scans", "0", **dict.fromkeys(SECRETS, "")) as process:
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complaint.count("\n") == 1
    assert "secret" in complaint


def test_a_source_without_a_scan_is_one_clear_line(tmp_path: Path) -> None:
    with sandbox("--source", str(tmp_path), **SECRETS) as process:
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert complaint == (
        f"sandbox: There is no OBJ, GLB or PLY mesh in {tmp_path} or right under it.\n"
    )
