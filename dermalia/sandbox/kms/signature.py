"""Signature version 4 of a request, computed anew from what arrived."""

from __future__ import annotations

import hmac
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dermalia.sandbox.http import Request
from dermalia.sandbox.kms.keys import REGION, Refused

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<account>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/,]+)/kms/"
    r"aws4_request, SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def require_signed(request: Request, access_key: str, secret_key: str) -> None:
    """Raises `Refused` unless ``request`` is signed with this key pair for this region."""
    given = _AUTHORIZATION.fullmatch(str(request.headers.get("Authorization", "")))
    if given is None:
        raise Refused("MissingAuthenticationTokenException")
    if given["account"] != access_key:
        raise Refused("UnrecognizedClientException")
    if given["region"] != REGION:
        raise Refused("InvalidSignatureException")
    headers = {name: str(request.headers.get(name, "")) for name in given["headers"].split(";")}
    signed = AWSRequest("POST", f"{request.origin}/", headers, request.body)
    signed.context["timestamp"] = str(request.headers.get("X-Amz-Date", ""))
    signer = SigV4Auth(Credentials(access_key, secret_key), "kms", REGION)
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    if not hmac.compare_digest(signer.signature(text, signed), given["signature"]):
        raise Refused("InvalidSignatureException")
