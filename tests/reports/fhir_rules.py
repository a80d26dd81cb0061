"""What FHIR R4 (4.0.1) demands of the resources we write, from their published definitions.

Not a validator: elements with a minimum of one, closed value sets, no empty element, and references
that lead somewhere.
"""

from collections.abc import Iterator
from typing import Any

REQUIRED = {
    "Bundle": ("type",),
    "Organization": ("name",),  # org-1: a name or an identifier
    "Patient": (),
    "Device": (),
    "Observation": ("status", "code"),
    "Media": ("status", "content"),
    "DocumentReference": ("status", "content"),
    "Provenance": ("target", "recorded", "agent"),
}
STATUS = {
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled"},
    "Media": {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"},
    "DocumentReference": {"current", "superseded", "entered-in-error"},
}
KNOWN = {
    "Organization": {"name", "telecom", "address"},
    "Patient": {"identifier", "name", "telecom", "managingOrganization"},
    "Device": {"serialNumber", "deviceName", "version", "owner"},
    "Observation": {
        *("status", "category", "code", "subject", "effectiveDateTime", "valueQuantity"),
        *("bodySite", "device", "derivedFrom", "note"),
    },
    "Media": {"status", "type", "subject", "createdDateTime", "device", "content"},
    "DocumentReference": {"status", "subject", "date", "custodian", "content"},
    "Provenance": {"target", "recorded", "agent"},
}
NESTED = {
    ("Provenance", "agent"): ("who",),
    ("DocumentReference", "content"): ("attachment",),
    ("Device", "deviceName"): ("name", "type"),
    ("Device", "version"): ("value",),
    ("Observation", "note"): ("text",),
}


def problems(bundle: dict[str, Any]) -> list[str]:
    """What is wrong with a bundle; nothing for a good one."""
    found = list(_missing(bundle, REQUIRED["Bundle"], "Bundle"))
    ids = set()
    for entry in bundle.get("entry", []):
        resource = entry["resource"]
        ids.add(entry["fullUrl"])
        if entry["fullUrl"] != f"urn:uuid:{resource['id']}":
            found.append(f"{entry['fullUrl']} is not {resource['id']}")
        found += _of_resource(resource)
    found += [f"{to} leads nowhere" for to in _references(bundle) if to not in ids]
    found += [f"{where} is empty" for where in _empty(bundle, "Bundle")]
    if len(ids) != len(bundle.get("entry", [])):
        found.append("two resources have one id")
    return found


def attachments(resource: dict[str, Any]) -> list[dict[str, Any]]:
    content = resource.get("content")
    if isinstance(content, dict):
        return [content]
    return [each["attachment"] for each in content or []]


def _of_resource(resource: dict[str, Any]) -> Iterator[str]:
    kind = resource["resourceType"]
    yield from _missing(resource, REQUIRED[kind], kind)
    unknown = set(resource) - KNOWN[kind] - {"resourceType", "id"}
    yield from (f"{kind} has no element {name}" for name in unknown)
    if kind in STATUS and resource.get("status") not in STATUS[kind]:
        yield f"{kind} cannot be {resource.get('status')}"
    for (of, element), names in NESTED.items():
        for each in resource.get(element, []) if of == kind else []:
            yield from _missing(each, names, f"{kind}.{element}")
    for quantity in filter(None, [resource.get("valueQuantity")]):
        yield from _missing(quantity, ("value", "unit", "system", "code"), "Quantity")


def _missing(element: dict[str, Any], names: tuple[str, ...], where: str) -> Iterator[str]:
    yield from (f"{where} lacks {name}" for name in names if not element.get(name))


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _empty(value: Any, where: str) -> Iterator[str]:
    """FHIR: an element has a value, children, or is not there."""
    if value is None or (isinstance(value, str | dict | list) and not value):
        yield where
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _empty(each, f"{where}.{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _empty(each, f"{where}[{number}]")
