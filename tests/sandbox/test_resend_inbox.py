"""What the stand-in of Resend received, waited for and read on its pages."""

from __future__ import annotations

import threading
from html.parser import HTMLParser

import pytest

from dermalia.sandbox.resend import ResendStandIn
from tests.sandbox.calls import delete, get, post
from tests.sandbox.mailing import LINK, send
from tests.waiting import until


def test_waiting_for_a_mail(provider: ResendStandIn) -> None:
    later = threading.Timer(0.1, send, kwargs={"to": "Test <a@example.org>"})
    later.start()
    assert provider.wait_for_mail(5, to="A@example.org").subject == "Ihr Bericht"
    later.join()
    with pytest.raises(TimeoutError):
        provider.wait_for_mail(0.05, to="b@example.org")


def test_the_inbox_speaks_json_and_can_be_emptied(provider: ResendStandIn) -> None:
    send(to="a@example.org")
    send(to="b@example.org")
    address = f"{provider.url}/_sandbox/mails"
    assert len(get(address).json()["mails"]) == 2
    (mail,) = get(address, params={"to": "b@example.org"}).json()["mails"]
    assert mail["links"][0] == LINK
    assert delete(address).status_code == 204
    assert get(address).json() == {"mails": []}


class Page(HTMLParser):
    """Links outside frames, and the frame's attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self.frame: dict[str, str | None] = {}
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs))
        if tag == "iframe":
            self.frame = dict(attrs)


def test_a_mail_is_shown_with_its_link(provider: ResendStandIn) -> None:
    mail_id = send()
    listed = Page(get(provider.url).text)
    assert f"/mails/{mail_id}" in [link["href"] for link in listed.links]
    shown = Page(get(f"{provider.url}/mails/{mail_id}").text)
    (link,) = [link for link in shown.links if link["href"] == LINK]
    assert link["target"] == "_blank"
    assert "allow-scripts" not in str(shown.frame["sandbox"])
    assert "allow-same-origin" not in str(shown.frame["sandbox"])
    assert '<a href="https://report.example/r/x?a=1&amp;b=2">' in str(shown.frame["srcdoc"])


def test_a_hostile_mail_stays_in_its_frame(provider: ResendStandIn) -> None:
    hostile = '"></iframe><script>alert(1)</script>'
    mail_id = send(subject=hostile, text=hostile, html=hostile, headers={"X": hostile})
    for address in (provider.url, f"{provider.url}/mails/{mail_id}"):
        answer = get(address)
        assert "script" not in Page(answer.text).tags
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_mail_that_is_gone_is_a_page_too(provider: ResendStandIn) -> None:
    assert get(f"{provider.url}/mails/unknown").status_code == 404


def test_the_page_can_empty_the_inbox(provider: ResendStandIn) -> None:
    send()
    page = post(
        f"{provider.url}/_sandbox/mails/clear",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert page.status_code == 200
    assert "None yet" in page.text
    until(lambda: provider.mails == ())
