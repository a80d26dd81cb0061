"""What stands between a practice and its first patient, each with a plain reason.

Every gate is looked at anew from what the tables say; none of them is a tick somebody set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dermalia.residency.hosting import hosting
from dermalia.residency.register import service
from dermalia.residency.services import Service
from dermalia.residency.transfers import lacks_basis
from onboarding.domain import trial
from onboarding.domain.acceptance import accepted
from onboarding.domain.evidence import attestations, concluded
from onboarding.domain.particulars import particulars_of
from onboarding.models import Billing, Check, Particulars
from practices.models import Authenticator, Passkey, Practice, User
from reports.mail.routes import carried_by
from scans.models import Connection

Sentence = str | Promise
_OWN_MAIL = "own"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must hold.

    Attributes:
        key: also the name of the task that opens it.
        reason: why it is shut, or what holds.
    """

    key: str
    title: Sentence
    open: bool
    reason: Sentence


@dataclass(frozen=True, slots=True)
class _Known:
    practice: Practice
    stated: Particulars


def gates(practice: Practice) -> list[Gate]:
    """All gates of the practice in scope, in the order of the tasks."""
    known = _Known(practice, particulars_of(practice))
    return [Gate(key, title, *look(known)) for key, title, look in _GATES]


def shut(practice: Practice) -> Iterator[Gate]:
    """The gates that keep the practice from going live."""
    return (gate for gate in gates(practice) if not gate.open)


Answer = tuple[bool, Sentence]


def _practice(known: _Known) -> Answer:
    practice, stated = known.practice, known.stated
    needed = (practice.name, practice.street, practice.postal_code, practice.city)
    if not all((*needed, stated.legal_form)):
        return False, _("The agreement needs your full address and legal form.")
    if not stated.authorised_name or not stated.authorised_role:
        return False, _("Nobody is named who may sign for the practice.")
    return True, format_lazy(_("{name} may sign."), name=stated.authorised_name)


def _factor(known: _Known) -> Answer:
    confirmed = Authenticator.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    owners = User.objects.filter(
        practice=known.practice, role=User.Role.OWNER, is_active=True
    ).annotate(passkey=Exists(Passkey.objects.filter(user=OuterRef("pk"))), app=Exists(confirmed))
    if any(not (owner.passkey or owner.app) for owner in owners):
        return False, _("An owner has neither a passkey nor an authenticator app.")
    return True, _("Every owner signs in with a second factor.")


def _billing(known: _Known) -> Answer:
    if not known.stated.billing:
        return False, _("Please say whether you see statutory patients.")
    if known.stated.billing == Billing.PRIVATE:
        return True, _("Private patients only: § 393 SGB V does not ask for an attestation.")
    if settings.EMBEDDED:
        return True, _("Runs on a machine of yours, not in a cloud: no attestation is needed.")
    today, held = timezone.localdate(), attestations()
    if not held or not all(each.holds_on(today) for each in held):
        return False, _(
            "§ 393 SGB V asks for a current C5 attestation of type 2 of the hosting, and we have"
            " none to show yet. We tell you as soon as we do."
        )
    return True, format_lazy(
        _("C5 type 2: {providers}."), providers=", ".join(each.provider for each in held)
    )


def _agreement(_known: _Known) -> Answer:
    held = accepted()
    if held is None:
        return False, _("The agreement is not accepted yet.")
    return True, format_lazy(_("Version {version} is in force."), version=held.agreement.version)


def _oversight(known: _Known) -> Answer:
    if not known.stated.oversight:
        return False, _("Please name your data protection officer, or say why there is none.")
    if not known.stated.authority:
        return False, _("Please choose the Land whose authority supervises you.")
    return True, _("Officer and authority are known.")


def _retention(known: _Known) -> Answer:
    if known.stated.retention_settled_at is None:
        return False, _("Please look at the periods and choose how reports are released.")
    return True, _("Periods and release are settled.")


def _documents(known: _Known) -> Answer:
    if known.stated.duties_seen_at is None:
        return False, _("Please confirm what stays with the practice.")
    return True, _("You have confirmed what stays with the practice.")


def _scanner(_known: _Known) -> Answer:
    if not Connection.objects.exists():
        return False, _("No scanner is connected yet.")
    if not Check.objects.filter(passed=True).exists():
        return False, _("The connection has not passed its test yet.")
    return True, _("The connection has passed its test.")


def _trial(_known: _Known) -> Answer:
    if not trial.passed():
        return False, _("No test scan has gone through the whole chain yet.")
    return True, _("A test scan went through, and there is a receipt for its erasure.")


def _services(_known: _Known) -> Answer:
    if settings.SANDBOX_ORIGINS:
        return True, _("Stand-ins on this machine: no outside service gets anything.")
    signed, met = concluded(), list(_in_the_way())
    unfounded = [each.entity for each in met if lacks_basis(each)]
    if unfounded:
        return False, format_lazy(
            _(
                "For {services} the clauses for transfers to a third country are not on record yet,"
                " and no data go there. We tell you as soon as they are."
            ),
            services=", ".join(unfounded),
        )
    pending = [each.entity for each in met if each.key not in signed]
    if pending:
        return False, format_lazy(
            _("Our contract with {services} is not concluded yet. We tell you as soon as it is."),
            services=", ".join(pending),
        )
    return True, _("There is a contract with every service in the way of the data.")


def _in_the_way() -> Iterator[Service]:
    """The services that this practice's data meet."""
    yield from (each for each in hosting() if each.country)  # nobody's, on one's own machine
    if Connection.objects.exclude(base_url="").exists():
        yield service("isemeco")
    if settings.KMS_KEYS:
        yield service("aws-kms")
    carrier = carried_by()
    if carrier.key != _OWN_MAIL:
        yield carrier


_GATES: tuple[tuple[str, Sentence, Callable[[_Known], Answer]], ...] = (
    ("practice", _("Practice and who signs"), _practice),
    ("factor", _("Sign-in"), _factor),
    ("billing", _("Statutory or private"), _billing),
    ("agreement", _("Agreement, measures, processors"), _agreement),
    ("oversight", _("Officer and authority"), _oversight),
    ("retention", _("Retention and release"), _retention),
    ("documents", _("What stays with you"), _documents),
    ("scanner", _("Scanner"), _scanner),
    ("trial", _("Test scan"), _trial),
    ("services", _("Contracts with services"), _services),
)
