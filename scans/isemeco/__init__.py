"""The manufacturer's cluster. Every assumption about its interface lives in this package.

``docs/isemeco-openapi.yaml`` writes the assumed contract down; ``dermalia.sandbox.isemeco`` plays
it. Needs no Django.
"""

from scans.isemeco.client import IsemecoClient, ScanPage
from scans.isemeco.contract import (
    AssetEntry,
    AssetFile,
    Device,
    Manifest,
    Measurement,
    ScanManifest,
)
from scans.isemeco.transport import Limits

__all__ = [
    "AssetEntry",
    "AssetFile",
    "Device",
    "IsemecoClient",
    "Limits",
    "Manifest",
    "Measurement",
    "ScanManifest",
    "ScanPage",
]
