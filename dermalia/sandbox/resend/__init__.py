"""Stand-in of the Resend API for the real SDK, with an inbox to read what was sent."""

from dermalia.sandbox.resend.hook import Hook
from dermalia.sandbox.resend.inbox import Mail
from dermalia.sandbox.resend.server import ResendStandIn

__all__ = ["Hook", "Mail", "ResendStandIn"]
