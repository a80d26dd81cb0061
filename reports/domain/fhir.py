"""The report's facts as a FHIR R4 bundle (hl7.org/fhir/R4), for programs that read nothing else.

Base R4 and no national profile: those want a family name and a date of birth, which we do not
have. The device's values have no code in LOINC or SNOMED CT, so they bear codes of our own. Nothing
here interprets a value: no reference range, no interpretation, no report of a diagnosis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from dermalia.sealing.keys import UnlockedKey
from reports.models import Report
from scans.metrics import Zone
from scans.models import Scan
from scans.queries import Measured, Person, measurements, person

METRICS = "urn:dermalia:skin-metric"
SCANS = "urn:dermalia:scan"
UCUM, SCORE = "http://unitsofmeasure.org", "{score}"
SNOMED, SKIN_OF_FACE = "http://snomed.info/sct", "361703006"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
TERMS = "http://terminology.hl7.org/CodeSystem"
ORIGINAL = "original"  # the folder of what the device itself took
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file beside the bundle, which points at it by its path."""

    path: str
    media_type: str
    bytes: int


def bundle(*, scan: Scan, report: Report, key: UnlockedKey, files: Sequence[File]) -> Resource:
    """A ``collection`` bundle; the same facts give the same bundle, ids included.

    Args:
        files: what lies beside it; photographs become Media, documents and the 3D model
            DocumentReference.
    """
    maker = _Maker(scan, report)
    values = [item for item in measurements(scan=scan, key=key) if item.zone == Zone.FACE]
    pictures = [file for file in files if file.media_type.startswith("image/")]
    documents = [file for file in files if _is_document(file)]
    media = [maker.media(file) for file in pictures]
    captured = [each for each in media if each["content"]["url"].startswith(f"{ORIGINAL}/")]
    observations = [maker.observation(item, captured) for item in values]
    resources = [
        maker.organization(),
        maker.patient(person(scan=scan, key=key)),
        maker.device(),
        *observations,
        *media,
        *(maker.document(file) for file in documents),
    ]
    resources.append(maker.provenance(observations))
    return {
        "resourceType": "Bundle",
        "id": str(report.pk),
        "type": "collection",
        "timestamp": _instant(report.released_at or report.created_at),
        "entry": [
            {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            for resource in resources
        ],
    }


class _Maker:
    """Makes the resources of one report, which refer to each other."""

    def __init__(self, scan: Scan, report: Report) -> None:
        self._scan, self._report = scan, report
        self._at = _instant(scan.captured_at or report.created_at)

    def organization(self) -> Resource:
        practice = self._scan.practice
        address = {
            "line": [practice.street] if practice.street else None,
            "postalCode": practice.postal_code or None,
            "city": practice.city or None,
        }
        return self._resource(
            "Organization",
            name=practice.name,
            telecom=[{"system": "email", "value": practice.email}] if practice.email else None,
            address=[_given(address)] if _given(address) else None,
        )

    def patient(self, who: Person) -> Resource:
        """A pseudonym; no family name, because we know none."""
        unknown = {"extension": [{"url": ABSENT, "valueCode": "not-asked"}]}
        name: Resource = {"given": [who.first_name]} if who.first_name else {}
        return self._resource(
            "Patient",
            identifier=[{"system": SCANS, "value": self._scan.scan_identifier}],
            name=[{**name, "_family": unknown}],
            telecom=[{"system": "email", "value": who.email}] if who.email else None,
            managingOrganization=self._to("Organization"),
        )

    def device(self) -> Resource:
        version = self._scan.algorithm_version
        model = self._scan.device_model
        return self._resource(
            "Device",
            serialNumber=self._scan.device_serial or None,
            deviceName=[{"name": model, "type": "model-name"}] if model else None,
            version=[{"value": version}] if version else None,
            owner=self._to("Organization"),
        )

    def observation(self, item: Measured, seen_in: Sequence[Resource]) -> Resource:
        coding = {
            "system": METRICS,
            "code": item.metric.value.replace("_", "-"),
            "display": item.metric.name.replace("_", " ").capitalize(),
        }
        face = {"system": SNOMED, "code": SKIN_OF_FACE, "display": "Entire skin of face"}
        imaging = {"system": f"{TERMS}/observation-category", "code": "imaging"}
        scale = f"Device scale from {item.scale_min} to {item.scale_max}"
        return self._resource(
            "Observation",
            item.metric.value,
            status="final",
            category=[{"coding": [imaging]}],
            code={"coding": [coding]},
            subject=self._to("Patient"),
            effectiveDateTime=self._at,
            valueQuantity={
                "value": float(item.value),
                "unit": "score",
                "system": UCUM,
                "code": SCORE,
            },
            bodySite={"coding": [face]},
            device=self._to("Device"),
            derivedFrom=[{"reference": f"urn:uuid:{each['id']}"} for each in seen_in] or None,
            note=[{"text": f"{scale}; an estimate" if item.metric.is_estimate else scale}],
        )

    def media(self, file: File) -> Resource:
        return self._resource(
            "Media",
            file.path,
            status="completed",
            type={"coding": [{"system": f"{TERMS}/media-type", "code": "image"}]},
            subject=self._to("Patient"),
            createdDateTime=self._at,
            device=self._to("Device"),
            content=_attachment(file),
        )

    def document(self, file: File) -> Resource:
        return self._resource(
            "DocumentReference",
            file.path,
            status="current",
            subject=self._to("Patient"),
            date=self._at,
            custodian=self._to("Organization"),
            content=[{"attachment": _attachment(file)}],
        )

    def provenance(self, targets: Sequence[Resource]) -> Resource:
        role = {"system": f"{TERMS}/provenance-participant-type", "code": "performer"}
        made = [*targets] or [{"id": str(self._id("Patient"))}]
        return self._resource(
            "Provenance",
            target=[{"reference": f"urn:uuid:{each['id']}"} for each in made],
            recorded=self._at,
            agent=[{"type": {"coding": [role]}, "who": self._to("Device")}],
        )

    def _resource(self, kind: str, which: str = "", /, **fields: Any) -> Resource:
        """``which`` tells several resources of a kind apart."""
        uid = str(self._id(f"{kind}/{which}" if which else kind))
        return _given({"resourceType": kind, "id": uid, **fields})

    def _to(self, kind: str) -> Resource:
        return {"reference": f"urn:uuid:{self._id(kind)}"}

    def _id(self, name: str) -> UUID:
        return uuid5(self._report.pk, name)


def _is_document(file: File) -> bool:
    return file.media_type in {"application/pdf", "model/gltf-binary"}


def _attachment(file: File) -> Resource:
    return {"contentType": file.media_type, "url": file.path, "size": file.bytes}


def _given(fields: Resource) -> Resource:
    """FHIR knows no empty element: what has no value is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
