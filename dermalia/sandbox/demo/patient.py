"""The demo's patient: opens the link as a browser would, and looks at what comes."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests

CONFIG = re.compile(r'<script id="viewer-config" type="application/json">(.*?)</script>', re.DOTALL)
LINK = re.compile(r"https?://\S+/r/\w+/")
TIMEOUT = 30


class DemoFailed(Exception):
    """The demo did not go as promised; ``str()`` says where."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the patient received."""

    page_bytes: int
    model_bytes: int


def wait_for_link(resend_url: str, *, seen: set[str]) -> str | None:
    """The link of a mail that has come in since, or None if there is none yet."""
    mails = requests.get(f"{resend_url}/_sandbox/mails", timeout=TIMEOUT).json()
    for mail in _as_list(mails):
        if mail["id"] in seen:
            continue
        seen.add(mail["id"])
        found = LINK.search(mail["text"])
        if found:
            return found.group()
    return None


def open_report(link: str) -> Opened:
    """Gate, button, page, 3D model. Raises ``DemoFailed`` if one is not as it should be."""
    browser = requests.Session()
    gate = browser.get(link, timeout=TIMEOUT)
    _require(gate.status_code == 200 and not CONFIG.search(gate.text), "the gate shows too much")
    _require("<button" in gate.text, "the gate has no button")
    page = browser.post(link, timeout=TIMEOUT)
    config = CONFIG.search(page.text)
    _require(page.status_code == 200 and config is not None, "the report did not open")
    model = json.loads(config.group(1) if config else "{}")["model"]
    body = browser.get(urljoin(link, model["url"]), timeout=TIMEOUT).content
    _require(body[:4] == b"glTF" and len(body) == model["bytes"], "the 3D model is not whole")
    return Opened(page_bytes=len(page.content), model_bytes=len(body))


def is_gone(link: str) -> bool:
    """Whether the link answers that its page is no longer there."""
    return requests.get(link, timeout=TIMEOUT).status_code == 410


def _as_list(answer: Any) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = answer["mails"] if isinstance(answer, dict) else answer
    return mails


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)
