"""What can go wrong while a report is typeset."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why there is no PDF. The values go to the log: never rename one."""

    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    UNREADABLE_IMAGE = "unreadable_image"
    FORBIDDEN_SOURCE = "forbidden_source"
    TIMEOUT = "timeout"
    BUSY = "busy"
    CRASHED = "crashed"
    NOT_READY = "not_ready"


_MESSAGES: dict[ErrorCode, str] = {
    ErrorCode.BAD_REQUEST: "The report's PDF was asked for in a way this version does not know.",
    ErrorCode.TOO_LARGE: "The report is larger than a PDF of it may be.",
    ErrorCode.TOO_MANY_PAGES: "The report has more pages than a PDF of it may have.",
    ErrorCode.UNREADABLE_IMAGE: "A picture of the report cannot be read.",
    ErrorCode.FORBIDDEN_SOURCE: "The report refers to something outside of itself.",
    ErrorCode.TIMEOUT: "Typesetting the report took longer than allowed.",
    ErrorCode.BUSY: "Too many reports are being typeset at once.",
    ErrorCode.CRASHED: "Typesetting the report stopped unexpectedly.",
    ErrorCode.NOT_READY: "The fonts are not there, and cannot be made: the front end has not been "
    "built, or the build folder cannot be written.",
}


class PdfError(Exception):
    """A report that could not be typeset.

    ``where`` names a place in our own code or a signal, for the log; neither it nor the message
    holds anything of the report.
    """

    def __init__(self, code: ErrorCode, *, where: str = "") -> None:
        super().__init__(_MESSAGES[code])
        self.code = code
        self.where = where
