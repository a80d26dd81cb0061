"""The closed vocabulary of the log. Nothing else can be written into an entry."""

from enum import StrEnum


class Action(StrEnum):
    """What was done."""

    SCAN_DISCOVERED = "scan.discovered"
    PULL_STARTED = "pull.started"
    SCAN_PULLED = "scan.pulled"
    CONVERSION_STARTED = "conversion.started"
    SCAN_CONVERTED = "scan.converted"
    SCAN_RETRIED = "scan.retried"  # by staff, after it could not be copied or converted
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
    DUE_SOONER = "due.sooner"  # the day of erasure moved, by so many days
    DUE_LATER = "due.later"
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
    CASE_EXTENDED = "case.extended"
    BUNDLE_TAKEN = "bundle.taken"
    EXPORT_WANTED = "export.wanted"  # of the whole practice
    EXPORT_PREPARED = "export.prepared"
    EXPORT_TAKEN = "export.taken"
    EXPORT_ENDED = "export.ended"
    SCAN_EXPORTED = "scan.exported"
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
    ERASURE_REPLAYED = "erasure.replayed"  # the same, of what a backup had brought back
    ERASURE_VERIFIED = "erasure.verified"
    RECEIPT_TAKEN = "receipt.taken"
    SWEEP_HELD = "sweep.held"  # an unusual share would have gone at once
    SWEEP_CONFIRMED = "sweep.confirmed"
    OBJECTS_ORPHANED = "objects.orphaned"  # without a row: deleted
    OBJECT_MISSING = "object.missing"  # a row without its object
    OBJECT_DAMAGED = "object.damaged"  # not what was sealed: not a byte of it was shown
    STAFF_LINK_ISSUED = "staff.link_issued"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    STAFF_LINK_USED = "staff.link_used"
    STAFF_REFUSED = "staff.refused"  # a right password with a wrong code, a cloned passkey
    DESK_LOCKED = "desk.locked"
    STAFF_PLEDGED = "staff.pledged"  # secrecy, in a wording that is kept
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
    PROCESSOR_OBJECTED = "processor.objected"  # to one that was announced
    OBJECTION_WITHDRAWN = "processor.objection_withdrawn"
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
    EVERYTHING_ORDERED = "everything.ordered"  # the erasure of all that a practice has
    EVERYTHING_ERASED = "everything.erased"
    CONTRACT_NOTICED = "contract.noticed"
    CONTRACT_CHOSEN = "contract.chosen"  # to hand over, or to erase
    CONTRACT_DELIVERED = "contract.delivered"  # by the code that stands in the export
    CONTRACT_WITHDRAWN = "contract.withdrawn"
    LOG_EXPORTED = "log.exported"
    KEYS_ROTATED = "keys.rotated"
    KEYS_DESTROYED = "keys.destroyed"
    BACKUP_MADE = "backup.made"
    BACKUP_DESTROYED = "backup.destroyed"
    BACKUP_KEY_MADE = "backup.key_made"
    BACKUP_KEY_DESTROYED = "backup.key_destroyed"
    BACKUP_RESTORED = "backup.restored"
    LEDGER_REPLAYED = "ledger.replayed"
    RESTORE_PROVED = "restore.proved"  # a drill, on a database of its own
    # By administrators of the service; what concerns no one practice is in the log of none (0).
    ADMIN_LINK_ISSUED = "admin.link_issued"
    ADMIN_LINK_CONFIRMED = "admin.link_confirmed"
    ADMIN_LINK_USED = "admin.link_used"
    ADMIN_PASSKEY_ADDED = "admin.passkey_added"
    ADMIN_PASSKEY_REMOVED = "admin.passkey_removed"
    ADMIN_SIGNED_IN = "admin.signed_in"
    ADMIN_SIGNED_OUT = "admin.signed_out"
    ADMIN_REFUSED = "admin.refused"  # a passkey that proves nothing, or an act that was not meant
    ADMIN_CONFIRMED = "admin.confirmed"  # showed a passkey for one grave act
    ADMIN_DEACTIVATED = "admin.deactivated"
    REASON_STATED = "reason.stated"  # why what follows was done
    ADMIN_LISTED = "admin.listed"
    ADMIN_VIEWED = "admin.viewed"
    JOB_RETRIED = "job.retried"
    REPORT_GRANTED = "report.granted"  # to an administrator, for minutes
    REPORT_INSPECTED = "report.inspected"  # by them
    INCIDENT_REGISTERED = "incident.registered"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_TRACED = "incident.traced"  # to the practices it affects
    INCIDENT_NOTIFIED = "incident.notified"
    INCIDENT_READ = "incident.read"  # its notice, by the practice
    INCIDENT_CLOSED = "incident.closed"
    CONNECTION_REFUSED = "connection.refused"  # to a host that the register does not name


class Actor(StrEnum):
    """In which role."""

    SYSTEM = "system"
    STAFF = "staff"
    PATIENT = "patient"
    OPERATOR = "operator"  # at the server's command line; with a number, an administrator


class Count(StrEnum):
    """What an entry may count."""

    BYTES = "bytes"
    OBJECTS = "objects"
    ROWS = "rows"
    KEYS = "keys"
    DROPPED = "dropped"  # manifest keys outside the allow-list
    TRIANGLES = "triangles"
    MILLISECONDS = "milliseconds"
    DAYS = "days"
    FAILURES = "failures"  # tries before the one that succeeded
