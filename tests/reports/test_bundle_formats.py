"""What the files of a bundle look like to programs: JSON Schema, documents, FHIR."""

import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from jsonschema import Draft202012Validator, FormatChecker

from audit.access import record_access
from audit.chain import OPERATOR, PATIENT
from audit.words import Action
from dermalia.sandbox.resend import ResendStandIn
from dermalia.tenancy import practice_scope
from practices.models import User
from reports.domain.attestation import Attestation, attest
from reports.domain.bundle import ENCLOSED, SCHEMAS
from reports.domain.cases import extend_case, open_case
from reports.models import Case, Report
from reports.pdf import ErrorCode, PdfError, Source
from scans.domain.identity import correct_identity
from tests.conftest import link_in_mail
from tests.reports import fhir_rules


@pytest.fixture(autouse=True)
def quick_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.pdf.cache.typeset", lambda source: b"%PDF-1.7\n" + source.digest())


@pytest.fixture
def take(client: Client, staff_user: User, report: Report) -> Callable[..., ZipFile]:
    """The bundle of the report, for a request of its person."""
    client.force_login(staff_user)

    def taken(query: str = "") -> ZipFile:
        with practice_scope(report.practice_id):
            case = open_case(report=report, kind=Case.Kind.ACCESS, who=PATIENT, message="Bitte")
        answer: Any = client.get(reverse("reports:case_bundle", args=[case.pk]) + query)
        assert answer.status_code == 200
        return ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    return taken


def schema_of(name: str) -> Draft202012Validator:
    schema = json.loads((ENCLOSED / f"{name}.schema.json").read_bytes())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def busy(report: Report) -> None:
    """Everything that can be known of a report is known of this one."""
    with practice_scope(report.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=OPERATOR)
        correct_identity(scan=report.scan, first_name="Demo", email="", who=OPERATOR, access=access)
        given = Attestation("aesthetic", "consent", date(2026, 1, 1), "1", date(2026, 1, 1))
        attest(report=report, attestation=given, who=OPERATOR)
        case = open_case(report=report, kind=Case.Kind.RECTIFICATION, who=PATIENT)
        extend_case(case=case, reason=Case.Extension.COMPLEX, who=OPERATOR)


def test_every_json_file_is_as_its_schema_says(
    take: Callable[..., ZipFile], report: Report, mailbox: ResendStandIn
) -> None:
    link = link_in_mail(report, mailbox)
    Client().post(link)
    busy(report)
    archive = take()
    for name in SCHEMAS:
        content = json.loads(archive.read(f"{name}.json"))
        assert [error.message for error in schema_of(name).iter_errors(content)] == []
        assert json.loads(archive.read(f"schema/{name}.schema.json")) == schema_of(name).schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_knows_every_word_and_no_other(
    take: Callable[..., ZipFile], report: Report, name: str
) -> None:
    content = json.loads(take().read(f"{name}.json"))
    schema = schema_of(name)
    assert not schema.is_valid({**content, "unknown": 1})
    for word in content:
        assert not schema.is_valid({key: value for key, value in content.items() if key != word})


def test_the_schema_s_words_are_the_models_words() -> None:
    properties = json.loads((ENCLOSED / "data.schema.json").read_bytes())["properties"]
    request = properties["requests"]["items"]["properties"]
    assert request["kind"]["enum"] == Case.Kind.values
    assert request["state"]["enum"] == Case.State.values
    about = properties["report"]["anyOf"][1]["properties"]
    assert about["restriction"]["enum"] == [*Report.Restriction.values, None]
    assert about["legal_basis"]["enum"] == [*Report.Basis.values, None]


def test_it_comes_with_the_document_in_both_languages_and_plain_words(
    take: Callable[..., ZipFile],
) -> None:
    archive = take()
    names = archive.namelist()
    assert {"report-de.pdf", "report-en.pdf", "derived/model.glb"} <= set(names)
    assert "Ihre Daten" in archive.read("LIESMICH.txt").decode()
    assert not [name for name in names if name.startswith("derived/document-")]


def test_a_document_that_cannot_be_made_is_named_and_keeps_nothing_back(
    take: Callable[..., ZipFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_source: Source) -> bytes:
        raise PdfError(ErrorCode.TIMEOUT)

    monkeypatch.setattr("reports.pdf.cache.typeset", fails)
    archive = take()
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["missing"] == [
        {"path": "report-de.pdf", "why": "not_made"},
        {"path": "report-en.pdf", "why": "not_made"},
    ]
    assert "original" in {name.split("/")[0] for name in archive.namelist()}


def test_fhir_only_where_it_was_asked_for(take: Callable[..., ZipFile]) -> None:
    assert "fhir.json" not in take().namelist()
    assert "fhir.json" in take("?fhir").namelist()


def test_the_fhir_bundle_has_what_each_resource_requires(take: Callable[..., ZipFile]) -> None:
    archive = take("?fhir")
    bundle = json.loads(archive.read("fhir.json"))
    assert fhir_rules.problems(bundle) == []
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("Observation") == 5
    assert {"Organization", "Patient", "Device", "Media", "DocumentReference"} < set(kinds)
    urls = {
        attachment["url"]
        for entry in bundle["entry"]
        for attachment in fhir_rules.attachments(entry["resource"])
    }
    assert urls <= set(archive.namelist())
    assert {"derived/model.glb", "report-de.pdf"} <= urls


def test_the_fhir_bundle_interprets_nothing(take: Callable[..., ZipFile]) -> None:
    text = take("?fhir").read("fhir.json").decode()
    for word in ("interpretation", "referenceRange", "DiagnosticReport", "Condition"):
        assert word not in text


def test_the_fhir_bundle_says_that_no_family_name_is_known(take: Callable[..., ZipFile]) -> None:
    bundle = json.loads(take("?fhir").read("fhir.json"))
    (patient,) = (
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    )
    assert patient["name"][0]["given"] == ["Testperson Ä"]
    assert "family" not in patient["name"][0]
    assert patient["name"][0]["_family"]["extension"][0]["valueCode"] == "not-asked"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("type",), None),
        (("entry", 0, "fullUrl"), "urn:uuid:00000000-0000-0000-0000-000000000000"),
        (("entry", 3, "resource", "status"), None),
        (("entry", 3, "resource", "code"), None),
        (("entry", 3, "resource", "subject"), {"reference": "urn:uuid:nobody"}),
        (("entry", 3, "resource", "note"), []),
    ],
)
def test_the_rules_find_what_is_wrong(
    take: Callable[..., ZipFile], path: tuple[Any, ...], value: Any
) -> None:
    bundle = json.loads(take("?fhir").read("fhir.json"))
    place = bundle
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert fhir_rules.problems(bundle)
