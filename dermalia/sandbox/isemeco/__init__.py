"""Stand-in of the manufacturer's cluster: the assumed contract, served over real HTTP.

It shares no code with the client in ``scans.isemeco``; both follow ``docs/isemeco-openapi.yaml``,
so that a misreading in one shows against the other.
"""

from dermalia.sandbox.isemeco.captured import Captured, CapturedFile, Measured, Recording
from dermalia.sandbox.isemeco.exports import export_capture
from dermalia.sandbox.isemeco.folder import captured_from_folder, captures_from_folder
from dermalia.sandbox.isemeco.server import IsemecoStandIn

__all__ = [
    "Captured",
    "CapturedFile",
    "IsemecoStandIn",
    "Measured",
    "Recording",
    "captured_from_folder",
    "captures_from_folder",
    "export_capture",
]
