"""Where this run's stand-ins listen and how they are spoken to."""

import base64
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dermalia.embedded import Child, require_free_port

HOST = "127.0.0.1"


@dataclass(frozen=True)
class StandIns:
    """Two neighbouring ports and secrets that live no longer than the run."""

    port: int
    client_id: str = "dermalia"
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    api_key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    hook_secret: str = field(
        default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        repr=False,
    )

    @classmethod
    def on(cls, port: int) -> Self:
        """Raises ``EmbeddedError`` in one line if one of the ports is taken."""
        for each in (port, port + 1):
            require_free_port(HOST, each)
        return cls(port)

    @property
    def isemeco_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def resend_url(self) -> str:
        return f"http://{HOST}:{self.port + 1}"

    def application_env(self) -> Mapping[str, str]:
        """What sends the application to the stand-ins instead of the real services."""
        return {
            "DERMALIA_SANDBOX_ORIGINS": f"{self.isemeco_url},{self.resend_url}",
            "DERMALIA_RESEND_URL": self.resend_url,
            "DERMALIA_RESEND_API_KEY": self.api_key,
            "DERMALIA_RESEND_WEBHOOK_SECRET": self.hook_secret,
        }

    def child(self, *, source: Path | None, application_url: str) -> Child:
        """The process that plays both services, and tells the application of its mails."""
        argv: list[str | Path] = [
            *(sys.executable, "-m", "dermalia.sandbox", "--host", HOST, "--scans", "0"),
            *("--isemeco-port", str(self.port), "--resend-port", str(self.port + 1)),
            *("--client-id", self.client_id),
        ]
        if source is not None:
            argv += ["--source", source]
        secrets_env = {
            "DERMALIA_SANDBOX_CLIENT_SECRET": self.client_secret,
            "DERMALIA_SANDBOX_API_KEY": self.api_key,
            "DERMALIA_SANDBOX_HOOK_URL": f"{application_url}/hooks/resend/",
            "DERMALIA_SANDBOX_HOOK_SECRET": self.hook_secret,
        }
        return Child("stand-ins", argv, secrets_env)
