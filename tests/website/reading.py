"""What somebody reads on a page, without what a machine filled in on its own."""

from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
UNREAD = frozenset({"script", "style", "svg", "code", "head"})


class _Reader(HTMLParser):
    """Collects text outside of elements that are to be left out, and apart text of claims."""

    def __init__(self, without: frozenset[str]) -> None:
        super().__init__()
        self.without = without
        self.open: list[tuple[bool, bool]] = []  # of each element: left out, part of a claim
        self.text: list[str] = []
        self.unclaimed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        known = dict(attrs)
        left_out, claimed = self.open[-1] if self.open else (False, False)
        names = {known.get("id"), *(known.get("class") or "").split()}
        self.open.append(
            (
                left_out or tag in UNREAD or bool(names & self.without),
                claimed or "data-claim" in known,
            )
        )
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.open.pop()
            self._space(tag)

    def handle_data(self, data: str) -> None:
        left_out, claimed = self.open[-1] if self.open else (False, False)
        if left_out:
            return
        self.text.append(data)
        if not claimed:
            self.unclaimed.append(data)

    def _space(self, tag: str) -> None:
        if tag not in {"span", "a", "strong", "b", "abbr"}:
            self.text.append("\n")
            self.unclaimed.append("\n")


def read(html: str, *, without: frozenset[str] = frozenset()) -> str:
    """The text of a page, a line for each block.

    Args:
        without: ids and classes of elements that are left out with all that is in them.
    """
    return _tidy(_run(html, without).text)


def unclaimed(html: str, *, without: frozenset[str] = frozenset()) -> list[str]:
    """The lines of a page that no ``data-claim`` encloses."""
    lines = _tidy(_run(html, without).unclaimed).splitlines()
    return [line for line in lines if line.strip(" ,.")]


def _run(html: str, without: frozenset[str]) -> _Reader:
    reader = _Reader(without)
    reader.feed(html)
    reader.close()
    return reader


def _tidy(pieces: list[str]) -> str:
    lines = (" ".join(line.split()) for line in "".join(pieces).splitlines())
    return "\n".join(line for line in lines if line)
