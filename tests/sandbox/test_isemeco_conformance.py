"""The stand-in of the cluster keeps to the written contract, in good answers and in bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry, Resource

from dermalia.sandbox.isemeco import IsemecoStandIn
from tests.sandbox.calls import get, post
from tests.sandbox.conftest import RECORDING

SPEC = Path(__file__).parents[2] / "docs" / "isemeco-openapi.yaml"
TEMPLATES = (
    "/oauth/token",
    "/v1/device",
    "/v1/scans",
    "/v1/scans/{scan_id}",
    "/v1/assets/{scan_id}/{place}",
)


class Contract:
    """Checks real answers against ``docs/isemeco-openapi.yaml``."""

    def __init__(self) -> None:
        self.spec: dict[str, Any] = yaml.safe_load(SPEC.read_text("utf-8"))
        resource = Resource.from_contents(
            {"$schema": "https://json-schema.org/draft/2020-12/schema"} | self.spec
        )
        self.registry: Registry[Any] = Registry().with_resource("urn:spec", resource)

    def check(self, answer: requests.Response, template: str) -> None:
        method = (answer.request.method or "").lower()
        described = self.spec["paths"][template][method]["responses"]
        assert str(answer.status_code) in described, f"{answer.status_code} is not described"
        response = self._resolved(described[str(answer.status_code)])
        for name, header in response.get("headers", {}).items():
            assert not header.get("required") or name in answer.headers
        media_type = answer.headers["Content-Type"].partition(";")[0]
        content = response["content"]
        assert media_type in content or "*/*" in content
        schema = content.get(media_type, {}).get("schema")
        if schema is not None and media_type.endswith("json"):
            self._validate(schema, answer.json())

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        reference = node.get("$ref")
        if reference is None:
            return node
        return self.registry.resolver("urn:spec").lookup(reference).contents  # type: ignore[no-any-return]

    def _validate(self, schema: dict[str, Any], content: object) -> None:
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:spec#/'))
        OAS31Validator(
            absolute, registry=self.registry, format_checker=oas31_format_checker
        ).validate(content)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract()


@pytest.fixture
def visit(cluster: IsemecoStandIn) -> Iterator[Callable[..., requests.Response]]:
    """Asks for each kind of address of the contract, with a good token."""
    scan = cluster.add_scan(RECORDING, first_name="Demo", email="demo@example.org")
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(
            f"{cluster.url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=("id", "secret"),
        ).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        manifest = session.get(f"{cluster.url}/v1/scans/{scan}", headers=bearer).json()

        def ask(template: str, *, headers: dict[str, str] = bearer) -> requests.Response:
            if template == "/oauth/token":
                return session.post(
                    cluster.url + template,
                    data={"grant_type": "client_credentials"},
                    auth=("id", "secret"),
                )
            if template.startswith("/v1/assets"):
                return session.get(manifest["assets"][0]["url"], allow_redirects=False)
            address = cluster.url + template.format(scan_id=scan)
            return session.get(address, headers=headers, allow_redirects=False)

        yield ask


@pytest.mark.parametrize("template", TEMPLATES)
def test_good_answers_follow_the_contract(
    visit: Callable[..., requests.Response], contract: Contract, template: str
) -> None:
    answer = visit(template)
    assert answer.status_code == 200
    contract.check(answer, template)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    ("kind", "amount", "status"),
    [("status", 500, 500), ("gateway", None, 502), ("status", 503, 503), ("busy", 1, 429)],
)
def test_faults_follow_the_contract(
    cluster: IsemecoStandIn,
    visit: Callable[..., requests.Response],
    contract: Contract,
    template: str,
    kind: str,
    amount: float | None,
    status: int,
) -> None:
    scope = dict(zip(TEMPLATES, ("token", "device", "scans", "manifest", "asset"), strict=True))
    cluster.faults.arm(kind, on=scope[template], amount=amount)
    answer = visit(template)
    assert answer.status_code == status
    contract.check(answer, template)
    assert visit(template).status_code == 200


def test_refusals_follow_the_contract(
    cluster: IsemecoStandIn, visit: Callable[..., requests.Response], contract: Contract
) -> None:
    for template in TEMPLATES[1:4]:
        refusal = visit(template, headers={"Authorization": "Bearer stolen"})
        assert refusal.status_code == 401
        contract.check(refusal, template)
    for form, auth, status in (
        ({"grant_type": "client_credentials"}, ("id", "wrong"), 401),
        ({"grant_type": "password"}, ("id", "secret"), 400),
    ):
        answer = post(f"{cluster.url}/oauth/token", data=form, auth=auth)
        assert answer.status_code == status
        contract.check(answer, "/oauth/token")
    cluster.faults.arm("expired")
    expired = visit(TEMPLATES[4])
    assert expired.status_code == 410
    contract.check(expired, TEMPLATES[4])


def test_missing_things_and_bad_cursors_follow_the_contract(
    cluster: IsemecoStandIn, visit: Callable[..., requests.Response], contract: Contract
) -> None:
    for query in ("?cursor=nonsense!", "?cursor=%C3%A4", "?limit=0", "?limit=101", "?limit=x"):
        answer = visit(f"/v1/scans{query}")
        assert answer.status_code == 400
        contract.check(answer, "/v1/scans")
    missing = visit("/v1/scans/scan-unknown")
    assert missing.status_code == 404
    contract.check(missing, "/v1/scans/{scan_id}")


def test_forbidden_keys_are_allowed_by_the_contract(
    cluster: IsemecoStandIn, visit: Callable[..., requests.Response], contract: Contract
) -> None:
    cluster.faults.arm("forbidden_keys")
    answer = visit(TEMPLATES[3])
    assert "birth_date" in answer.json()["patient"]
    contract.check(answer, TEMPLATES[3])


def test_a_tampered_address_is_worthless(
    cluster: IsemecoStandIn, visit: Callable[..., requests.Response]
) -> None:
    url = str(visit(TEMPLATES[4]).url)
    for tampered in (
        url[:-1],
        url.replace("expires=1", "expires=2"),
        url.partition("?")[0],
        url + "é",
    ):
        assert get(tampered).status_code == 404


def test_asset_addresses_stay_on_the_host_the_client_calls(cluster: IsemecoStandIn) -> None:
    scan = cluster.add_scan(RECORDING)
    base = cluster.url.replace("127.0.0.1", "localhost")
    token = cluster._tokens.issue()
    manifest = get(f"{base}/v1/scans/{scan}", headers={"Authorization": f"Bearer {token}"}).json()
    assert manifest["assets"][0]["url"].startswith(base)


def test_the_log_keeps_no_query_and_counts_downloads(
    cluster: IsemecoStandIn, visit: Callable[..., requests.Response]
) -> None:
    visit(TEMPLATES[4])
    visit(TEMPLATES[4])
    log = get(f"{cluster.url}/_sandbox/log").json()["requests"]
    assert [entry["status"] for entry in log if entry["scope"] == "asset"] == [200, 200]
    assert "signature" not in json.dumps(log)
    assert cluster.downloads(cluster.scan_ids[0]) == {"face.obj": 2, "red.png": 0}
