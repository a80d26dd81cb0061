"""Clusters that do not keep to the contract, and sessions that know too much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from dermalia.sandbox.http import Request, Response, Route, json_response
from dermalia.sandbox.standin import StandIn
from scans.isemeco import AssetEntry, IsemecoClient
from scans.isemeco.errors import ContractBroken, SizeMismatch
from tests.isemeco.conftest import pulled

Connect = Callable[..., IsemecoClient]


class Scripted(StandIn):
    """Answers with what a test puts in ``answers``, by path; gives tokens to everyone."""

    def __init__(self, answers: dict[str, Response]) -> None:
        self.answers = answers
        self.credentials: dict[str, str | None] = {}
        super().__init__("127.0.0.1", 0, ())

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", "/oauth/token", self._token),
            Route("GET", "/v1/scans", self._scripted),
            Route("GET", "/v1/scans/{id}", self._scripted),
            Route("GET", "/file", self._scripted),
        )

    def error(self, status: int, detail: str, *, retry_after: float | None = None) -> Response:
        return Response(status)

    def _token(self, _: Request) -> Response:
        token = {"access_token": "t", "token_type": "bearer", "expires_in": 60}
        return self.answers.get("/oauth/token", json_response(token))

    def _scripted(self, request: Request) -> Response:
        self.credentials[request.path] = request.headers.get("Authorization")
        return self.answers[request.path]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/scans", Response(200, b"<html>")),
        ("/v1/scans", json_response({"scans": []})),
        ("/v1/scans", json_response({"scans": [], "next_cursor": "c", "has_more": True})),
        (
            "/v1/scans",
            json_response({"scans": [{"scan_id": "a"}] * 3, "next_cursor": "c", "has_more": False}),
        ),
        (
            "/v1/scans",
            json_response({"scans": [{"scan_id": "../a"}], "next_cursor": "c", "has_more": False}),
        ),
        ("/v1/scans", Response(200, b" " * (2 << 20))),
        ("/oauth/token", json_response({"access_token": "a\r\nb", "token_type": "bearer"})),
        (
            "/oauth/token",
            json_response({"access_token": "a", "token_type": "mac", "expires_in": 9}),
        ),
    ],
)
def test_an_answer_off_the_contract_is_refused(
    connect: Connect, path: str, answer: Response
) -> None:
    with Scripted({path: answer}) as cluster, pytest.raises(ContractBroken):
        connect(cluster).list_scans(limit=2)


@pytest.mark.parametrize("size", [2, 4, 64 << 20])
def test_a_file_without_announced_length_is_read_to_one_byte_past_its_entry(
    connect: Connect, asset: Callable[..., dict[str, object]], size: int
) -> None:
    endless = Response(200, b"\0" * size, announced=False)
    with Scripted({"/file": endless}) as cluster:
        entry = AssetEntry.model_validate(asset(url=f"{cluster.url}/file", bytes=3))
        with pytest.raises(SizeMismatch):
            pulled(connect(cluster), entry)


def test_a_file_without_announced_length_may_be_right(
    connect: Connect, asset: Callable[..., dict[str, object]]
) -> None:
    with Scripted({"/file": Response(200, b"abc", announced=False)}) as cluster:
        entry = AssetEntry.model_validate(asset(url=f"{cluster.url}/file", bytes=3))
        assert pulled(connect(cluster), entry) == b"abc"


def test_a_list_that_stands_still_is_refused(connect: Connect) -> None:
    page = {"scans": [{"scan_id": "a"}], "next_cursor": "same", "has_more": True}
    with (
        Scripted({"/v1/scans": json_response(page)}) as cluster,
        pytest.raises(ContractBroken, match="move on"),
    ):
        connect(cluster).list_scans("same")


def test_the_manifest_of_another_scan_is_refused(
    connect: Connect, wire_manifest: Callable[..., dict[str, object]]
) -> None:
    other = json_response(wire_manifest(scan_id="scan-2"))
    with (
        Scripted({"/v1/scans/scan-1": other}) as cluster,
        pytest.raises(ContractBroken, match="another scan"),
    ):
        connect(cluster).manifest("scan-1")


def test_a_compressed_file_is_refused(
    connect: Connect, asset: Callable[..., dict[str, object]]
) -> None:
    packed = Response(200, b"abc", headers={"Content-Encoding": "gzip"})
    with Scripted({"/file": packed}) as cluster:
        entry = AssetEntry.model_validate(asset(url=f"{cluster.url}/file"))
        with pytest.raises(SizeMismatch):
            pulled(connect(cluster), entry)


@pytest.fixture
def stray_netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, session: requests.Session) -> None:
    """A session that would pick up credentials lying around for this host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stray password stray\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    session.trust_env = True


@pytest.mark.usefixtures("stray_netrc")
def test_a_download_carries_no_credentials_and_a_call_only_its_token(
    connect: Connect, asset: Callable[..., dict[str, object]]
) -> None:
    page = json_response({"scans": [], "next_cursor": "c", "has_more": False})
    with Scripted({"/file": Response(200, b"abc"), "/v1/scans": page}) as cluster:
        client = connect(cluster)
        client.list_scans()
        pulled(client, AssetEntry.model_validate(asset(url=f"{cluster.url}/file")))
        assert cluster.credentials == {"/v1/scans": "Bearer t", "/file": None}
