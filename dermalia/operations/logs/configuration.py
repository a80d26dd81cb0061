"""``LOGGING``: everything to standard error, and nothing past the filter."""

from typing import Any

from dermalia.operations.logs import wants_json


def logging_by(kind: str) -> dict[str, Any]:
    """Django's setting for lines as ``json`` or ``text``, or as fits standard error if empty."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": "dermalia.operations.logs.Redact"}},
        "formatters": {
            "json": {"()": "dermalia.operations.logs.JsonLine"},
            "text": {"()": "dermalia.operations.logs.TextLine"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["redact"],
                "formatter": "json" if wants_json(kind) else "text",
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # The development server's has a handler of its own, which writes every address.
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "dermalia": {"level": "INFO"},
            "celery": {"level": "WARNING"},
        },
    }
