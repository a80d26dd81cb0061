"""Where data may be and whom the process may talk to."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from dermalia.residency import egress
from dermalia.residency.regions import require_allowed
from dermalia.sandbox.isemeco import IsemecoStandIn


def test_frankfurt_is_allowed() -> None:
    require_allowed({"database": "eu-central-1", "object storage": "aws-eu-central-1"})


@pytest.mark.parametrize("region", ["us-east-1", "cn-hangzhou", "eu-west-1", ""])
def test_any_other_region_refuses_to_start_and_names_the_part(region: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="database in"):
        require_allowed({"database": region, "object storage": "eu-central-1"})


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://api.us.example.com/",
        "https://cn.isemeco.com/",
        "https://api.resend.com.example.org/",
        "https://api.resend.com:8443/",
        "http://api.resend.com/",
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data/",
        "https://api.resend.com@example.org/",
        "file:///etc/passwd",
    ],
)
def test_hosts_outside_the_register_are_refused(url: str) -> None:
    with pytest.raises(egress.EgressRefused):
        egress.require_admitted(url)


@pytest.mark.parametrize("url", ["https://api.resend.com/emails", "https://API.Resend.com/"])
def test_hosts_of_the_register_are_admitted(url: str) -> None:
    egress.require_admitted(url)


def test_a_session_sends_nothing_to_a_host_outside_the_register(
    cluster: IsemecoStandIn, settings: pytest.FixtureRequest
) -> None:
    settings.SANDBOX_ORIGINS = []  # type: ignore[attr-defined]
    with pytest.raises(egress.EgressRefused):
        egress.session().get(f"{cluster.url}/v1/device")
    assert not cluster.log
