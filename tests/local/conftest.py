"""A mail server of the practice's own, vouched for by the practice's own authority."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mail.smtp_server import SmtpServer, make_certificate, smtp_server


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "mail.pem")


@pytest.fixture
def mail(authority: Path) -> Iterator[SmtpServer]:
    with smtp_server(authority) as running:
        yield running
