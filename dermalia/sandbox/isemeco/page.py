"""The stand-in's home page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from dermalia.sandbox.faults import Faults
from dermalia.sandbox.http import Response
from dermalia.sandbox.isemeco.store import StoredScan
from dermalia.sandbox.isemeco.studio import Studio
from dermalia.sandbox.pages import fault_panel, page, table

_INTRO = (
    "<h1>Isemeco cluster (stand-in)</h1>"
    '<p class="notice">This is not the manufacturer’s service. It stands in for the cluster that '
    "scanners upload to, so that Dermalia can be tried out. Every face, name and value here is "
    "made up or comes from a folder given at the start.</p>"
)


def home(
    *,
    scans: Sequence[StoredScan],
    downloads: Callable[[str], dict[str, int]],
    studio: Studio,
    faults: Faults,
) -> Response:
    """Form, scan list and fault buttons; reloads itself while a scan is being taken."""
    body = (
        f"{_INTRO}{_form(studio.subjects)}{_progress(studio)}"
        f"{_list(scans, downloads)}{fault_panel(faults)}"
    )
    return page(
        "Isemeco cluster (stand-in)", body, reload_seconds=2 if studio.in_progress else None
    )


def _form(subjects: Sequence[str]) -> str:
    options = "".join(f"<option>{escape(subject)}</option>" for subject in subjects)
    return (
        '<section class="card"><h2>Take a scan</h2>'
        '<form class="row" method="post" action="/take-scan">'
        f'<label>Subject<select name="subject">{options}</select></label>'
        '<label>First name (optional)<input name="first_name" maxlength="80" '
        'autocomplete="off"></label>'
        '<label>E-mail (optional)<input name="email" type="email" maxlength="254" '
        'value="patient@example.org" autocomplete="off"></label>'
        '<button class="main">Take a scan</button></form></section>'
    )


def _progress(studio: Studio) -> str:
    parts = []
    if studio.in_progress:
        count = "One scan is" if studio.in_progress == 1 else f"{studio.in_progress} scans are"
        parts.append(f"{count} being taken; the list shows a scan once it is complete.")
    if studio.failure:
        parts.append(f"The last scan that failed: {escape(studio.failure)}")
    return "".join(f'<p class="notice" role="status">{part}</p>' for part in parts)


def _list(scans: Sequence[StoredScan], downloads: Callable[[str], dict[str, int]]) -> str:
    if not scans:
        return '<section class="card"><h2>Scans</h2><p class="quiet">None yet.</p></section>'
    rows = [_row(scan, downloads(scan.scan_id)) for scan in reversed(scans)]
    headings = ("Scan", "Captured", "Patient", "Size", "Pulled")
    return f'<section class="card"><h2>Scans</h2>{table(headings, rows)}</section>'


def _row(scan: StoredScan, counts: dict[str, int]) -> Sequence[str]:
    size = sum(len(asset.data) for asset in scan.assets) / 1e6
    patient = ", ".join(escape(part) for part in (scan.first_name, scan.email) if part)
    pulled = sum(1 for count in counts.values() if count)
    return (
        f"<code>{escape(scan.scan_id)}</code>",
        f"{scan.captured_at:%Y-%m-%d %H:%M:%S %Z}",
        patient or '<span class="quiet">not given</span>',
        f"{size:.1f} MB",
        f"{pulled} of {len(scan.assets)} files",
    )
