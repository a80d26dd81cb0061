"""The closed vocabulary of the log. Nothing else can be written into an entry."""

from enum import StrEnum


class Action(StrEnum):
    """What was done."""

    SCAN_DISCOVERED = "scan.discovered"
    PULL_STARTED = "pull.started"
    SCAN_PULLED = "scan.pulled"
    CONVERSION_STARTED = "conversion.started"
    SCAN_CONVERTED = "scan.converted"
    DETAIL_WANTED = "detail.wanted"
    DETAIL_MADE = "detail.made"
    COPY_VERIFIED = "copy.verified"
    CONNECTION_TESTED = "connection.tested"
    SCANS_LISTED = "scans.listed"
    SCAN_VIEWED = "scan.viewed"
    REPORT_CREATED = "report.created"
    REPORT_RELEASED = "report.released"
    REPORT_OPENED = "report.opened"
    REPORT_VIEWED = "report.viewed"
    FILE_VIEWED = "file.viewed"
    MAIL_PREPARED = "mail.prepared"
    MAIL_SENT = "mail.sent"
    ERASURE_REQUESTED = "erasure.requested"
    ERASURE_VERIFIED = "erasure.verified"
    STAFF_LINK_ISSUED = "staff.link_issued"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    LOG_EXPORTED = "log.exported"
    KEYS_ROTATED = "keys.rotated"
    KEYS_DESTROYED = "keys.destroyed"


class Actor(StrEnum):
    """In which role."""

    SYSTEM = "system"
    STAFF = "staff"
    PATIENT = "patient"
    OPERATOR = "operator"  # somebody at the server's command line


class Count(StrEnum):
    """What an entry may count."""

    BYTES = "bytes"
    OBJECTS = "objects"
    ROWS = "rows"
    KEYS = "keys"
    DROPPED = "dropped"  # manifest keys outside the allow-list
    TRIANGLES = "triangles"
    MILLISECONDS = "milliseconds"
