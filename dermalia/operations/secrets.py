"""Which of the settings' values no log line may hold."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

_SECRET = re.compile(r"(_KEY|SECRET|PASSWORD|PEPPER|TOKEN)$", re.IGNORECASE)


def of_settings() -> Iterator[str]:
    """Every text whose name says that it is secret, at any depth, and passwords in URLs."""
    for name in dir(settings):
        if name.isupper():
            yield from _within(name, getattr(settings, name))


def _within(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _within(str(key), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(name, each)
    elif isinstance(value, str):
        if _SECRET.search(name):
            yield value
        elif "://" in value and "@" in value:
            yield from _password(value)


def _password(url: str) -> Iterator[str]:
    try:
        found = urlsplit(url).password
    except ValueError:
        return
    if found:
        yield found
        yield unquote(found)
