"""The inbox and a mail on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from dermalia.sandbox.faults import Faults
from dermalia.sandbox.http import Response
from dermalia.sandbox.pages import fault_panel, page, table
from dermalia.sandbox.resend.inbox import Mail, urls_in

_INTRO = (
    "<h1>Inbox (stand-in of Resend)</h1>"
    '<p class="notice">Mails end here. Nothing leaves this computer: this page stands in for the '
    "mail provider and shows what patients and practices would receive.</p>"
)
# Scripts stay off and the mail keeps no rights on this origin; a click may open its link.
_FRAME_RIGHTS = (
    "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def home(mails: Sequence[Mail], faults: Faults) -> Response:
    """Received mails, newest first; reloads itself so that a new one shows."""
    body = f"{_INTRO}{_list(mails)}{fault_panel(faults)}"
    return page("Inbox (stand-in of Resend)", body, reload_seconds=5)


def show(mail: Mail) -> Response:
    """One mail: header fields, text part, HTML part in a sandboxed frame."""
    body = (
        '<p><a href="/">All mails</a></p>'
        f"<h1>{escape(mail.subject)}</h1>"
        f'<section class="card">{_fields(mail)}</section>'
        f"{_text(mail.text)}{_html(mail.html)}"
    )
    return page(mail.subject, body)


def missing() -> Response:
    """For a mail that is not, or no longer, in the inbox."""
    body = '<p><a href="/">All mails</a></p><h1>This mail is not in the inbox.</h1>'
    return page("No such mail", body, status=404)


def _list(mails: Sequence[Mail]) -> str:
    if not mails:
        return '<section class="card"><h2>Mails</h2><p class="quiet">None yet.</p></section>'
    rows = [
        (
            f'<a href="/mails/{escape(mail.id)}">{escape(mail.subject)}</a>',
            escape(", ".join(mail.to)),
            f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC",
        )
        for mail in reversed(mails)
    ]
    clear = (
        '<form method="post" action="/_sandbox/mails/clear"><button>Empty the inbox</button></form>'
    )
    return (
        f'<section class="card"><h2>Mails</h2>{table(("Subject", "To", "Received"), rows)}'
        f"{clear}</section>"
    )


def _fields(mail: Mail) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in _named(mail)
        if value
    )
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'


def _named(mail: Mail) -> Iterable[tuple[str, str]]:
    yield "From", mail.sender
    yield "To", ", ".join(mail.to)
    yield "Cc", ", ".join(mail.cc)
    yield "Bcc", ", ".join(mail.bcc)
    yield "Reply-To", ", ".join(mail.reply_to)
    yield "Received", f"{mail.received_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "Last event", mail.last_event
    yield "Idempotency key", mail.idempotency_key or ""
    yield "Attachments", ", ".join(mail.attachments)
    yield from mail.headers.items()


def _text(text: str | None) -> str:
    if text is None:
        return ""
    return f'<section class="card"><h2>Text part</h2><pre>{_with_links(text)}</pre></section>'


def _with_links(text: str) -> str:
    urls = sorted(set(urls_in(text)), key=len, reverse=True)
    if not urls:
        return escape(text)
    pieces = re.split("(" + "|".join(map(re.escape, urls)) + ")", text)
    return "".join(_link(piece) if piece in urls else escape(piece) for piece in pieces)


def _link(url: str) -> str:
    safe = escape(url)
    return f'<a href="{safe}" target="_blank" rel="noopener noreferrer">{safe}</a>'


def _html(html: str | None) -> str:
    if html is None:
        return ""
    # A link that names no target would open inside the frame, where most pages refuse to show.
    document = f'<base target="_blank">{html}'
    return (
        '<section class="card"><h2>HTML part</h2>'
        f'<iframe title="HTML part of the mail" sandbox="{_FRAME_RIGHTS}" '
        f'referrerpolicy="no-referrer" srcdoc="{escape(document)}"></iframe></section>'
    )
