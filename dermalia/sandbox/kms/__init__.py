"""Stand-in of AWS KMS, spoken to by the real SDK: real encryption, the wire's own errors.

It checks signatures with the SDK's own signer; all else follows the service's API reference.
"""

from dermalia.sandbox.kms.keys import Key, Refused
from dermalia.sandbox.kms.server import KmsStandIn

__all__ = ["Key", "KmsStandIn", "Refused"]
