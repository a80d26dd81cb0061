"""Every table has an answer to the question how long its rows are kept."""

from django.apps import apps

ERASED_WITH_THE_REPORT = {
    "scans.Scan",
    "scans.Identity",
    "scans.IdentityChange",
    "scans.Asset",
    "scans.Detail",
    "exports.Folder",
    "reports.Report",
    "reports.Visit",
    "reports.Delivery",
    "sealing.ReportKey",
}
KEPT_WITHOUT_PERSONAL_DATA = {
    "operators.Account",
    "operators.Grant",
    "operators.Incident",
    "operators.Notice",
    "operators.Statement",
    "audit.Entry",
    "audit.Head",
    "backups.DrillResult",
    "backups.ErasureDrill",
    "closing.ContractEnd",
    "closing.Everything",
    "backups.Home",
    "backups.LedgerNote",
    "onboarding.LegalText",
    "reports.Case",
    "reports.Link",
    "reports.Pace",
    "reports.Tally",
    "retention.DueSweep",
    "retention.Erasure",
    "retention.Reconciliation",
    "scans.Tombstone",
    "sealing.LedgerEntry",
}
UNTIL_THE_CONTRACT_ENDS = {
    "operators.Operator",  # their contract with us
    "operators.OperatorPasskey",
    "onboarding.Check",
    "onboarding.Particulars",
    "onboarding.Pause",
    "onboarding.Recipient",
    "onboarding.Trial",
    "practices.Authenticator",
    "practices.BackupCode",
    "practices.Desk",
    "practices.Passkey",
    "practices.User",
    "reports.MailRoute",
    "scans.Connection",
    "sealing.PracticeKey",
    "sealing.SecretsKey",
}
EVIDENCE_AFTER_THE_CONTRACT = {
    "onboarding.Acceptance",
    "onboarding.GoLive",
    "onboarding.Instruction",
    "onboarding.Objection",
    "practices.Practice",  # name and number
}
UNTIL_THEY_EXPIRE = {
    "operators.OperatorLink",
    "operators.OperatorSession",
    "exports.Export",
    "practices.Attempt",
    "practices.Challenge",
    "practices.SignInLink",
    "practices.StaffSession",
    "reports.StaffMail",
    "reports.WebhookReceipt",
    "sessions.Session",
    "website.Inquiry",
}
NOTHING_IN_THEM = {
    "admin.LogEntry",  # Django's own, never written: test_looking.py
    "auth.Permission",
    "auth.Group",
    "contenttypes.ContentType",
}


def test_every_model_has_a_retention_rule() -> None:
    ruled = (
        ERASED_WITH_THE_REPORT
        | KEPT_WITHOUT_PERSONAL_DATA
        | UNTIL_THE_CONTRACT_ENDS
        | EVIDENCE_AFTER_THE_CONTRACT
        | UNTIL_THEY_EXPIRE
        | NOTHING_IN_THEM
    )
    assert {model._meta.label for model in apps.get_models()} == ruled


def test_all_we_hold_of_a_person_is_first_name_and_address() -> None:
    fields = {field.name for field in apps.get_model("scans.Identity")._meta.get_fields()}
    assert fields == {"id", "practice", "scan", "first_name", "email"} | {
        "first_name_index",
        "email_index",
    }
