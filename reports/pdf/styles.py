"""Style sheets of documents that are no reports: what they share, and what each adds."""

from pathlib import Path

_SHARED = Path(__file__).with_name("page.css")


def style_of(own: Path) -> str:
    """The style of a document whose own rules are in ``own``; they come last, so they win."""
    return f"{_SHARED.read_text()}\n{own.read_text()}"
