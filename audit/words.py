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
    REPORT_FLAGGED = "report.flagged"  # medical or aesthetic
    REPORT_UNFLAGGED = "report.unflagged"  # an attestation taken back
    BASIS_ATTESTED = "basis.attested"
    TREATMENT_ENDED = "treatment.ended"
    IDENTITY_CORRECTED = "identity.corrected"
    REPORT_RELEASED = "report.released"
    REPORT_OPENED = "report.opened"
    REPORT_VIEWED = "report.viewed"
    REPORT_RESTRICTED = "report.restricted"
    REPORT_UNRESTRICTED = "report.unrestricted"
    CODE_ISSUED = "code.issued"
    CODE_REFUSED = "code.refused"
    CODE_LOCKED = "code.locked"
    CASE_OPENED = "case.opened"
    CASE_VIEWED = "case.viewed"
    CASE_DONE = "case.done"
    CASE_REFUSED = "case.refused"
    BUNDLE_TAKEN = "bundle.taken"
    FILE_VIEWED = "file.viewed"
    SERIES_LINKED = "series.linked"
    SERIES_UNLINKED = "series.unlinked"
    MAIL_PREPARED = "mail.prepared"
    MAIL_SENT = "mail.sent"
    MAIL_FAILED = "mail.failed"
    MAIL_REQUESTED = "mail.requested"
    MAIL_HANDLED = "mail.handled"
    MAIL_ROUTE_CHANGED = "mail.route_changed"
    ADDRESS_CONFIRMED = "address.confirmed"
    LINK_DISABLED = "link.disabled"
    LINK_RENEWED = "link.renewed"
    LINK_REVOKED = "link.revoked"
    LETTER_PRINTED = "letter.printed"
    ERASURE_REQUESTED = "erasure.requested"
    ERASURE_VERIFIED = "erasure.verified"
    STAFF_LINK_ISSUED = "staff.link_issued"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    STAFF_LINK_USED = "staff.link_used"
    STAFF_REFUSED = "staff.refused"  # a right password with a wrong code, a cloned passkey
    DESK_LOCKED = "desk.locked"
    STAFF_CONFIRMED = "staff.confirmed"  # showed a factor again before a grave act
    STAFF_SESSIONS_ENDED = "staff.sessions_ended"
    STAFF_INVITED = "staff.invited"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_ACTIVATED = "staff.activated"
    STAFF_DEACTIVATED = "staff.deactivated"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    FACTORS_RESET = "factor.reset"
    BACKUP_CODES_MADE = "factor.codes_made"
    PRACTICE_CHANGED = "practice.changed"
    AGREEMENT_ACCEPTED = "agreement.accepted"
    INSTRUCTION_GIVEN = "instruction.given"
    RECIPIENT_ADDED = "recipient.added"
    RECIPIENT_ENDED = "recipient.ended"
    CONNECTION_ADDED = "connection.added"
    CONNECTION_PAUSED = "connection.paused"
    CONNECTION_RESUMED = "connection.resumed"
    TEST_STARTED = "test.started"
    TEST_MARKED = "test.marked"
    TEST_PASSED = "test.passed"
    WENT_LIVE = "practice.went_live"
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
    FAILURES = "failures"  # tries before the one that succeeded
