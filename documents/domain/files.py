"""An edition as a file of a form it is offered in."""

from dataclasses import dataclass

from documents.domain.catalogue import Form
from documents.domain.edition import Edition
from documents.domain.paper import as_pdf
from documents.domain.record import as_json
from documents.domain.word import MEDIA_TYPE, as_word

MEDIA_TYPES = {Form.PDF: "application/pdf", Form.WORD: MEDIA_TYPE, Form.JSON: "application/json"}


@dataclass(frozen=True, slots=True)
class Made:
    """A file, with what it was made of."""

    edition: Edition
    form: Form
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.edition.file_name}.{self.form}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.form]


def made(edition: Edition, form: Form) -> Made:
    """The file. Touches no database, so that several can be made at a time.

    Raises:
        LookupError: the document is not offered in this form.
        NotFinal, reports.pdf.PdfError: as ``as_pdf`` says.
    """
    if form not in edition.kind.forms:
        raise LookupError(f"{edition.kind.key} is not offered as {form}")
    makers = {Form.PDF: as_pdf, Form.WORD: as_word, Form.JSON: as_json}
    return Made(edition, form, makers[form](edition))
