"""A cluster's manifests built to harm, over HTTP through the client, and the same in a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dermalia.sandbox.http import Response
from scans.folder import ExportRefused, FolderError
from scans.folder.export import open_export
from scans.isemeco import IsemecoClient
from scans.isemeco.errors import ContractBroken
from tests.hostile.answers import CASES, honest
from tests.hostile.outcome import (
    MARKER,
    assert_hidden,
    assert_speaks_plainly,
    assert_unsaid,
    bounded,
    rows,
)
from tests.isemeco.conftest import QUICK
from tests.isemeco.test_isemeco_strays import Scripted

SCAN = "/v1/scans/scan-1"
Ask = Callable[[bytes], tuple[object, int]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Gets a body as the answer to the question for a manifest."""
    with Scripted({}) as cluster, requests.Session() as session:
        session.trust_env = False
        client = IsemecoClient(cluster.url, "practice", "secret", session, QUICK)

        def manifest(body: bytes) -> tuple[object, int]:
            cluster.answers[SCAN] = Response(200, body)
            return client.manifest("scan-1")

        yield manifest


@rows(CASES)
def test_a_manifest_built_to_harm_is_refused_or_stripped(
    name: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    case = CASES[name]
    body = case.build()
    with bounded():
        if isinstance(case.end, int):
            manifest, dropped = ask(body)
            assert dropped == case.end
            assert_hidden(repr(manifest))
            assert_hidden(manifest.model_dump_json())  # type: ignore[attr-defined]
        else:
            with pytest.raises(ContractBroken) as refusal:
                ask(body)
            assert case.end in str(refusal.value)
            assert not refusal.value.worth_retrying
            assert_speaks_plainly(refusal.value, secrets=[MARKER, "demo@example.org"])
    assert_unsaid(caplog, [MARKER, "demo@example.org"])


@rows({name: case for name, case in CASES.items() if name != "another scan"})
def test_the_same_manifest_in_a_folder_ends_the_same(name: str, tmp_path: Path) -> None:
    case, mesh = CASES[name], b"obj"
    honest_digest, digest = b"ab" * 32, hashlib.sha256(mesh).hexdigest().encode()
    body = case.build().replace(b'"' + honest_digest + b'"', b'"' + digest + b'"')
    (tmp_path / "manifest.json").write_bytes(body)
    (tmp_path / "face.obj").write_bytes(mesh)
    with bounded():
        if isinstance(case.end, int):
            with open_export(tmp_path) as export:
                export.require_complete()
                export.require_sound()
                # A folder's files have no address, so that of the cluster's is one more.
                assert export.dropped == case.end + 1
                assert_hidden(repr(export.manifest))
        else:
            with pytest.raises(FolderError) as refusal, open_export(tmp_path):
                pass
            assert type(refusal.value) is ExportRefused
            assert_speaks_plainly(refusal.value, secrets=[MARKER, "demo@example.org"])


def test_the_manifest_they_all_start_from_is_taken(ask: Ask) -> None:
    assert ask(json.dumps(honest()).encode())[1] == 0


LISTS: dict[str, bytes] = {
    "a list of paths": b'{"scans":[{"scan_id":"../../x"}],"next_cursor":"c","has_more":false}',
    "a list of a hundred and one": json.dumps(
        {"scans": [{"scan_id": "a"}] * 101, "next_cursor": "c", "has_more": False}
    ).encode(),
    "a list without an end": b'{"scans":[],"next_cursor":"c","has_more":true}',
    "a cursor of a megabyte": json.dumps(
        {"scans": [], "next_cursor": MARKER * 20_000, "has_more": False}
    ).encode(),
    "a cursor that breaks lines": json.dumps(
        {"scans": [], "next_cursor": f"{MARKER}\r\nHost: x", "has_more": False}
    ).encode(),
    "a word for whether there is more": b'{"scans":[],"next_cursor":"c","has_more":"no"}',
}


@rows(LISTS)
def test_a_list_built_to_harm_is_refused(name: str) -> None:
    with Scripted({"/v1/scans": Response(200, LISTS[name])}) as cluster:
        client = IsemecoClient(cluster.url, "practice", "secret", requests.Session(), QUICK)
        with bounded(), pytest.raises(ContractBroken) as refusal:
            client.list_scans()
    assert_speaks_plainly(refusal.value)


TOKENS: dict[str, object] = {
    "a token that is a header": f"a\r\nX-{MARKER}: 1",
    "a token of a megabyte": MARKER * 50_000,
    "a token in other letters": "tоkеn",
    "a token that is an object": {MARKER: MARKER},
    "a token of nothing": "",
}


@rows(TOKENS)
def test_a_token_built_to_harm_is_refused(name: str) -> None:
    answer = {"access_token": TOKENS[name], "token_type": "bearer", "expires_in": 60}
    body = Response(200, json.dumps(answer).encode())
    with Scripted({"/oauth/token": body}) as cluster:
        client = IsemecoClient(cluster.url, "practice", "secret", requests.Session(), QUICK)
        with bounded(), pytest.raises(ContractBroken) as refusal:
            client.sign_in()
    assert_speaks_plainly(refusal.value, secrets=[MARKER, "secret"])
