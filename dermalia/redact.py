"""Keeps link secrets out of every log line."""

import logging
import re

LINK = re.compile(r"(/(?:r|enter)/)[^/\s\"'?]+")


def redact(text: str) -> str:
    """``text`` with the secret part of every report or sign-in link replaced by ``…``."""
    return LINK.sub(r"\1…", text)


class RedactLinks(logging.Filter):
    """Rewrites a record's message before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        return True
