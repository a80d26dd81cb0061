"""Keeps secrets and addresses out of every log line.

Names cannot be told from other words. What could hold one is therefore not written at all: see
``dermalia.operations.logs``, which leaves away the messages of other people's exceptions.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

HIDDEN = "…"
LINK = re.compile(r"(/(?:r|enter)/)[^/\s\"'?]+")
MAIL = re.compile(r"[^\s\"'<>(),;:=/@]+@[^\s\"'<>(),;:=/@]+\.[^\W\d_]{2,}")
USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@\"']+@")
BEARER = re.compile(r"\b((?:Bearer|Basic|Token)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
NAMED = re.compile(
    r"""((?:password|passwd|secret|token|api_?key|access_?key|pepper|authorization|cookie
        |sessionid|csrftoken)["']?\s*[:=]\s*["']?)[^\s"',;&)}]+""",
    re.IGNORECASE | re.VERBOSE,
)
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,})")
_SHORTEST_SECRET = 8

_known: set[str] = set()


def learn(secrets: Iterable[str]) -> None:
    """Take in values that no line may hold, wherever in it they stand.

    Those shorter than eight characters are left: they would hide common words.
    """
    _known.update(secret for secret in secrets if len(secret) >= _SHORTEST_SECRET)


def redact(text: str) -> str:
    """``text`` with ``…`` for links' secrets, credentials, mail addresses and people's networks."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    text = LINK.sub(rf"\1{HIDDEN}", text)
    text = USERINFO.sub(rf"\1{HIDDEN}@", text)
    text = BEARER.sub(rf"\1{HIDDEN}", text)
    text = NAMED.sub(rf"\1{HIDDEN}", text)
    text = MAIL.sub(HIDDEN, text)
    return _ADDRESS.sub(_address, text)


def _address(found: re.Match[str]) -> str:
    """Hidden, unless it is this machine's own or no address at all, such as a time of day."""
    text = found[0]
    try:
        address = ip_address(text)
    except ValueError:
        return text
    return text if address.is_loopback or address.is_unspecified else HIDDEN
