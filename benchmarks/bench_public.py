"""What a first look at each public page costs: bytes and requests, as they come over the wire.

Counts the page and what its HTML makes a browser load at once: styles, scripts, preloads, the
icon and pictures that are not lazy. Packed as a browser asks for it. The font that only letters
beyond Latin-1 need is not among them.
"""

import http.client
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from benchmarks.harness import report
from benchmarks.pages import web_server
from benchmarks.services import fresh_services

LINKED = re.compile(r'<link rel="(?:stylesheet|preload|icon)" href="([^"]+)"')
SCRIPT = re.compile(r'<script type="module" src="([^"]+)"')
PICTURE = re.compile(r"<img ([^>]+)>")
SOURCE = re.compile(r'\bsrc="([^"]+)"')


def main() -> None:
    with fresh_services():
        from website.views.machines import public_paths

        with web_server() as address:
            costs = {path: _cost(address, path) for path in public_paths("de")}
    for path, (wire, plain, requests) in costs.items():
        print(f"{path:42} {wire:8} bytes in {requests} requests, {plain} before packing")
    wires = [wire for wire, _plain, _requests in costs.values()]
    report(
        "public",
        figures={
            "start_page_bytes": costs["/de/"][0],
            "heaviest_other_bytes": max(w for p, (w, *_) in costs.items() if p != "/de/"),
            "most_requests": max(requests for *_, requests in costs.values()),
        },
        ratios={"packed_to_plain": sum(wires) / sum(plain for _wire, plain, _ in costs.values())},
    )


def _cost(address: str, path: str) -> tuple[int, int, int]:
    """Bytes packed, bytes plain, and requests of a visit with an empty cache."""
    html = _get(address, path, packed=False)
    wanted = [path, *dict.fromkeys(_loaded(html.decode()))]
    wire = sum(len(_get(address, each, packed=True)) for each in wanted)
    plain = sum(len(_get(address, each, packed=False)) for each in wanted)
    return wire, plain, len(wanted)


def _loaded(html: str) -> Iterator[str]:
    yield from LINKED.findall(html)
    yield from SCRIPT.findall(html)
    for attributes in PICTURE.findall(html):
        if 'loading="lazy"' not in attributes:
            yield from SOURCE.findall(attributes)


def _get(address: str, path: str, *, packed: bool) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    headers = {"Accept-Encoding": "gzip, br" if packed else "identity"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}.")
    return body


if __name__ == "__main__":
    main()
