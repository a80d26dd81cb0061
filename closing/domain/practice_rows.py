"""What a practice itself leaves behind, deleted with its keys once nothing of a scan is left."""

from django.apps import apps
from django.db.models import QuerySet

from audit.chain import SYSTEM
from backups.domain.outbox import note_missed
from dermalia.sealing.keys import destroy_practice
from dermalia.sealing.models import PracticeKey, ReportKey, SecretsKey
from dermalia.tenancy.catalogue import scoped_models
from dermalia.tenancy.models import ScopedRow
from dermalia.work.lease import WorkFailed
from onboarding.models import Acceptance, GoLive, Instruction, Objection
from practices.models import Practice, SignInLink, User

# In an order that leaves nothing pointing to what went before it.
GOES = (
    "exports.Export",
    "onboarding.Trial",
    "onboarding.Check",
    "onboarding.Pause",
    "scans.Connection",
    "reports.StaffMail",
    "reports.MailRoute",
    "retention.DueSweep",
    "onboarding.Recipient",
    "onboarding.Particulars",
    "practices.Desk",
    "practices.Passkey",
    "practices.Authenticator",
    "practices.BackupCode",
    "practices.StaffSession",
)
# Evidence: of what was agreed, instructed, answered, looked at and erased. Contracts have the name
# of who signed them; the rest names nobody.
STAYS = {
    "audit.Entry",
    "audit.Head",
    "backups.LedgerNote",
    "closing.ContractEnd",
    "closing.Everything",
    "onboarding.Acceptance",
    "onboarding.GoLive",
    "onboarding.Instruction",
    "onboarding.Objection",
    "operators.Grant",
    "operators.Notice",
    "reports.Case",
    "reports.Tally",
    "retention.Erasure",
    "scans.Tombstone",
    "sealing.LedgerEntry",
}
CLOSED_HOST = "closed.invalid"  # RFC 2606: reaches nobody, for ever


def close_practice(*, practice_id: int) -> tuple[dict[str, int], int]:
    """Delete rows and keys of the practice in scope, in the caller's transaction.

    From its commit on nobody signs in, nothing is taken in, and nothing it ever sealed opens.

    Returns:
        Rows that went, by model, and how many keys.

    Raises:
        WorkFailed: something is left that nobody said should stay; nothing was changed.
    """
    rows = {label: _model(label).objects.all().delete()[0] for label in GOES}
    rows["practices.SignInLink"] = SignInLink.objects.filter(user__in=_users(practice_id)).delete()[
        0
    ]
    rows["practices.User"] = _close_accounts(practice_id)
    keys = ReportKey.objects.count() + SecretsKey.objects.count() + PracticeKey.objects.count()
    destroy_practice(who=SYSTEM)
    note_missed()
    _empty_practice(practice_id)
    left = leftovers()
    if left:
        raise WorkFailed(f"Rows are left in {', '.join(left)}; please contact support.")
    return {label: number for label, number in rows.items() if number}, keys


def leftovers() -> list[str]:
    """Tables that hold rows of the practice in scope and are not among what stays."""
    goes = (model for model in scoped_models() if model._meta.label not in STAYS)
    return sorted(model._meta.label for model in goes if model.objects.exists())


def is_closed(practice_id: int) -> bool:
    """Whether nothing is left of the practice in scope but what may stay; nobody signs in."""
    open_accounts = _users(practice_id).exclude(email__endswith=f"@{CLOSED_HOST}")
    addressed = Practice.objects.filter(pk=practice_id).exclude(email="")
    return not (leftovers() or open_accounts.exists() or addressed.exists())


def _close_accounts(practice_id: int) -> int:
    """Delete everybody's account; of who signed something a row stays that names nobody."""
    signed: set[int] = set()
    for model in (Acceptance, GoLive, Instruction, Objection):
        signed |= set(model.objects.values_list("user_id", flat=True)) - {None}
    users = _users(practice_id)
    deleted = users.exclude(pk__in=signed).count()
    users.exclude(pk__in=signed).delete()
    for user in users.filter(pk__in=signed):
        user.email, user.is_active, user.last_login = f"{user.handle}@{CLOSED_HOST}", False, None
        user.pledge, user.pledged_at = "", None
        user.set_unusable_password()
        user.save()
    return deleted + len(signed)


def _empty_practice(practice_id: int) -> None:
    """The name stays, as the certificate and the receipts are addressed to it."""
    Practice.objects.filter(pk=practice_id).update(
        street="",
        postal_code="",
        city="",
        phone="",
        email="",
        release=Practice.Release.BY_STAFF,
        default_purpose="",
        standing_basis="",
        standing_basis_on=None,
        standing_basis_version="",
        logo=None,
        accent="",
    )


def _users(practice_id: int) -> QuerySet[User]:
    return User.objects.filter(practice_id=practice_id)


def _model(label: str) -> type[ScopedRow]:
    model = apps.get_model(label)
    assert issubclass(model, ScopedRow), label
    return model
