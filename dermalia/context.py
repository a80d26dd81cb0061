"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def operator(_request: HttpRequest) -> dict[str, Any]:
    """Who runs this installation, from the settings (R86)."""
    return {"operator": settings.OPERATOR}
