"""HTTP as a browser next door would speak it: no proxy, no waiting for ever."""

from __future__ import annotations

from typing import Any

import requests


def ask(method: str, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=10, **options)


def get(url: str, **options: Any) -> requests.Response:
    return ask("GET", url, **options)


def post(url: str, **options: Any) -> requests.Response:
    return ask("POST", url, **options)


def delete(url: str, **options: Any) -> requests.Response:
    return ask("DELETE", url, **options)
