"""The pages on which staff find their practice's documents."""

import io
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from dermalia.tenancy import practice_scope
from documents.domain import paper
from documents.domain.catalogue import KINDS
from practices.models import User
from reports.pdf import ErrorCode, PdfError
from tests.documents.conftest import say_everything


@pytest.fixture
def staff(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def complete(staff: Client, staff_user: User) -> Client:
    with practice_scope(staff_user.practice_id):
        say_everything(staff_user)
    return staff


def url(name: str, *parts: str) -> str:
    with override("en"):
        return reverse(f"documents:{name}", args=parts)


def test_every_document_is_on_the_list_with_what_it_is_for(complete: Client) -> None:
    page = complete.get(url("list")).content.decode()
    for kind in KINDS:
        with override("en"):
            assert str(kind.purpose) in page.replace("&#x27;", "'")
        for variant in kind.variants:
            for form in kind.forms:
                assert url("file", kind.key, variant, form) in page


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_a_document_can_be_read_as_a_page(complete: Client, kind: Any) -> None:
    for variant in kind.variants:
        answer = complete.get(url("read", kind.key, variant))
        assert answer.status_code == 200
        assert "SHA-256" in answer.content.decode()


def test_what_is_missing_is_named_with_the_way_to_say_it(staff: Client) -> None:
    page = staff.get(url("read", "information", "de")).content.decode()
    with override("en"):
        assert reverse("onboarding:oversight") in page
        assert reverse("onboarding:practice") in page
    assert "Verantwortlich ist" not in page
    refused = staff.get(url("file", "information", "de", "pdf"))
    assert refused.status_code == 409
    assert refused["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "parts",
    [("nothing", "de", "pdf"), ("record", "fr", "pdf"), ("purpose", "de", "docx")],
    ids="/".join,
)
def test_what_there_is_not_is_not_found(complete: Client, parts: tuple[str, ...]) -> None:
    assert complete.get(url("file", *parts)).status_code == 404


def test_a_file_has_a_name_and_is_not_kept_by_caches(complete: Client) -> None:
    answer = complete.get(url("file", "assessment", "en", "docx"))
    assert answer["Content-Disposition"].endswith('technical-part-filled-in-en.docx"')
    assert "no-store" in answer["Cache-Control"]


def test_a_typesetter_that_fails_is_no_broken_file(
    complete: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise PdfError(ErrorCode.BUSY)

    monkeypatch.setattr(paper, "_pdf", fail)
    assert complete.get(url("file", "record", "de", "pdf")).status_code == 503
    assert complete.get(url("pack")).status_code == 503


def test_what_does_not_fit_says_what_to_shorten(
    complete: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise PdfError(ErrorCode.TOO_MANY_PAGES)

    monkeypatch.setattr(paper, "_pdf", fail)
    answer = complete.get(url("file", "information", "de", "pdf"))
    assert answer.status_code == 409
    with override("en"):
        assert reverse("onboarding:recipients") in answer.content.decode()


def test_everything_can_be_saved_as_one_file(complete: Client) -> None:
    answer = complete.get(url("pack"))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    archive = ZipFile(io.BytesIO(content))
    names = archive.namelist()
    papers = [name for name in names if name.endswith(".pdf")]
    assert all(archive.read(name).startswith(b"%PDF-1.7\n") for name in papers)
    assert "manifest.json" in names
    assert len(names) == 1 + sum(len(kind.forms) * len(kind.variants) for kind in KINDS)
