"""HTML of the stand-ins: one page shell and the few pieces both need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from dermalia.sandbox.faults import Faults
from dermalia.sandbox.http import Response

_STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)


def page(
    title: str, body: str, *, reload_seconds: int | None = None, status: int = 200
) -> Response:
    """A whole page. ``body`` is HTML; ``title`` is text."""
    reload = f'<meta http-equiv="refresh" content="{reload_seconds}">' if reload_seconds else ""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{reload}<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, html.encode(), "text/html; charset=utf-8", headers)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def fault_panel(faults: Faults) -> str:
    """Buttons that arm each fault once, and what is armed."""
    buttons = "".join(
        '<form class="inline" method="post" action="/_sandbox/faults">'
        f'<input type="hidden" name="kind" value="{escape(kind.name)}">'
        f"<button>{escape(kind.label.format(f'{kind.amount:,.10g}'))}</button></form>"
        for kind in faults.kinds.values()
    )
    return (
        '<section class="card"><h2>Let something go wrong</h2>'
        "<p>Each button spoils one request to come. Finer settings: "
        "<code>POST /_sandbox/faults</code>.</p>"
        f"{buttons}{_armed(faults)}</section>"
    )


def _armed(faults: Faults) -> str:
    if not faults.armed:
        return '<p class="quiet">Nothing is set to fail.</p>'
    waiting = ", ".join(
        f"{escape(fault.kind)} on {escape(fault.on)} "
        f"({'until cleared' if fault.times is None else f'{fault.times} to come'})"
        for fault in faults.armed
    )
    return (
        f'<p class="quiet">Armed: {waiting}</p>'
        '<form method="post" action="/_sandbox/faults/clear"><button>Clear all</button></form>'
    )
