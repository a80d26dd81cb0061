"""gunicorn's settings where it serves a practice's certificate itself."""

import ssl
from collections.abc import Callable
from typing import Any


def ssl_context(_config: Any, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.3 alone, as on any installation that works with patients.

    gunicorn asks for each connection, so a renewed certificate is served from then on.
    """
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
