"""The stand-in of the cluster: faults, taking scans, starting and stopping."""

from __future__ import annotations

import threading

import pytest
import requests

from dermalia.sandbox.isemeco import IsemecoStandIn, Recording
from dermalia.sandbox.isemeco.captured import File
from dermalia.sandbox.isemeco.studio import ANOTHER_DAY, SYNTHETIC
from tests.sandbox.calls import delete, get, post
from tests.sandbox.conftest import RECORDING
from tests.waiting import PATIENCE_SECONDS, long_before, until

# Faults from outside


def test_a_fault_is_armed_counted_and_cleared_over_http(cluster: IsemecoStandIn) -> None:
    address = f"{cluster.url}/_sandbox/faults"
    wish = {"kind": "slow", "on": "asset", "times": 2, "amount": 5000}
    assert post(address, json=wish).json() == {"armed": [wish]}
    forever = {"kind": "busy", "on": "scans", "times": None, "amount": 1}
    post(address, json={"kind": "busy", "on": "scans", "times": None})
    assert get(address).json() == {"armed": [wish, forever]}
    assert delete(address).json() == {"armed": []}


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "sloow"},
        {"kind": "expired", "on": "scans"},
        {"kind": "slow", "times": 0},
        {"kind": "slow", "times": "x"},
        {"kind": "slow", "amount": {}},
        {},
    ],
)
def test_a_misspelt_fault_is_refused(cluster: IsemecoStandIn, wish: dict[str, object]) -> None:
    assert post(f"{cluster.url}/_sandbox/faults", json=wish).status_code == 400
    assert cluster.faults.armed == ()


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
def test_a_fault_that_is_no_json_object_is_refused(cluster: IsemecoStandIn, body: bytes) -> None:
    assert post(f"{cluster.url}/_sandbox/faults", data=body).status_code == 400


# Taking scans


def test_the_page_takes_a_scan(cluster: IsemecoStandIn) -> None:
    form = {"subject": "Synthetic face", "first_name": "<b>Demo</b>", "email": "a@example.org"}
    page = post(f"{cluster.url}/take-scan", data=form)
    assert page.status_code == 200
    until(lambda: len(cluster.scan_ids) == 1)
    page = get(cluster.url)
    assert "&lt;b&gt;Demo&lt;/b&gt;, a@example.org" in page.text
    assert "<b>Demo" not in page.text
    assert "not the manufacturer" in page.text


def test_a_scan_is_listed_only_when_complete() -> None:
    ready = threading.Event()

    def slow_face(seed: int, sitting: int) -> Recording:
        assert ready.wait(10)
        return RECORDING

    with IsemecoStandIn(client_id="i", client_secret="s", synthetic=slow_face) as cluster:
        taken = cluster.take_scan(first_name="Demo")
        assert not cluster.scan_ids
        assert "One scan is being taken" in get(cluster.url).text
        ready.set()
        assert (taken.result(10),) == cluster.scan_ids
        assert "being taken" not in get(cluster.url).text


def test_a_face_that_fails_is_shown_on_the_page() -> None:
    def broken_face(seed: int, sitting: int) -> Recording:
        raise RuntimeError("no <face>")

    with IsemecoStandIn(client_id="i", client_secret="s", synthetic=broken_face) as cluster:
        with pytest.raises(RuntimeError):
            cluster.take_scan().result(10)
        assert "RuntimeError: no &lt;face&gt;" in get(cluster.url).text
        assert cluster.scan_ids == ()


def test_an_unknown_subject_is_refused(cluster: IsemecoStandIn) -> None:
    answer = post(f"{cluster.url}/take-scan", data={"subject": "Someone"})
    assert answer.status_code == 400


def test_equal_files_are_held_once(cluster: IsemecoStandIn) -> None:
    copies = [Recording((File("a.ply", "mesh", "model/ply", bytes(bytearray(b"ply"))),), ())] * 3
    for copy in copies:
        cluster.add_scan(copy)
    held = {id(asset.data) for scan in cluster._store.all() for asset in scan.assets}
    assert len(held) == 1


# Lifecycle


def test_a_stopped_stand_in_answers_nobody_and_can_start_again(cluster: IsemecoStandIn) -> None:
    with requests.Session() as session:
        assert session.get(cluster.url).status_code == 200
        cluster.stop()
        cluster.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(cluster.url)
        address = cluster.url
        cluster.start()
        assert cluster.url == address
        assert session.get(address).status_code == 200


def test_a_stop_does_not_wait_for_slow_answers(cluster: IsemecoStandIn) -> None:
    cluster.faults.arm("slow", on="token", amount=1)
    refused: list[Exception] = []

    def ask() -> None:
        try:
            post(f"{cluster.url}/oauth/token", data={"grant_type": "client_credentials"})
        except requests.RequestException as error:
            refused.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: cluster.count("token") == 1)
    with long_before(100):  # at a byte a second
        cluster.stop()
    asking.join(PATIENCE_SECONDS)
    assert len(refused) == 1


def test_a_taken_port_is_an_error(cluster: IsemecoStandIn) -> None:
    with pytest.raises(OSError, match="in use"):
        IsemecoStandIn(port=cluster.port, client_id="i", client_secret="s").start()


def test_the_same_face_sits_again_on_another_day() -> None:
    sat: list[tuple[int, int]] = []

    def face(seed: int, sitting: int) -> Recording:
        sat.append((seed, sitting))
        return RECORDING

    with IsemecoStandIn(client_id="i", client_secret="s", synthetic=face) as cluster:
        for subject in (SYNTHETIC, ANOTHER_DAY, ANOTHER_DAY, SYNTHETIC, ANOTHER_DAY):
            cluster.take_scan(subject).result(10)
    assert sat == [(3, 0), (3, 1), (3, 2), (4, 0), (4, 1)]
