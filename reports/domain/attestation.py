"""What staff attest before a report is released: its purpose, and the ground it stands on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_noop as _

from audit.chain import Who, record
from audit.words import Action
from practices.models import Purpose
from reports.domain.creation import NotReleasable, release_report
from reports.domain.due import record_move, set_due
from reports.models import Report

Basis = Report.Basis
TREATED_WITHOUT_CONSENT = _("An aesthetic report needs the written consent (Art. 9(2)(a) GDPR).")
NOT_MEDICAL = _("Only a medical report has an end of treatment.")
NO_PURPOSE = _("Say first whether the report is medical or aesthetic.")
NO_BASIS = _("State the legal basis first, with date and version of the form.")


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a report is for and rests on.

    Attributes:
        purpose: empty while nobody has said so.
        basis: empty, or with ``basis_on`` (day of signature or of the contract) and
            ``basis_version`` (of the practice's form).
        informed_on: when the information of Art. 13 was handed out, if it was.
    """

    purpose: str = ""
    basis: str = ""
    basis_on: date | None = None
    basis_version: str = ""
    informed_on: date | None = None

    @property
    def problem(self) -> str:
        """Why a report cannot be released like this, as a message id; empty if it can."""
        if not self.purpose:
            return NO_PURPOSE
        if self.purpose == Purpose.AESTHETIC and self.basis == Basis.TREATMENT:
            return TREATED_WITHOUT_CONSENT
        if not (self.basis and self.basis_on and self.basis_version):
            return NO_BASIS
        return ""

    @classmethod
    def of(cls, report: Report) -> "Attestation":
        return cls(
            purpose=report.purpose,
            basis=report.basis,
            basis_on=report.basis_on,
            basis_version=report.basis_version,
            informed_on=report.informed_on,
        )

    def dump(self) -> dict[str, str | None]:
        """As JSON holds it; ``load`` reads it back."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> "Attestation":
        days = {
            name: date.fromisoformat(data[name]) if data[name] else None
            for name in ("basis_on", "informed_on")
        }
        return cls(**{**data, **days})


def attest(*, report: Report, attestation: Attestation, who: Who) -> bool:
    """Write the attestation into a report, with the due date that follows from it.

    Returns:
        False if nothing is different.

    Raises:
        NotReleasable: an aesthetic report would rest on treatment, or a released report would
            lose its purpose; ``str()`` tells staff.
    """
    report = locked(report)
    before = Attestation.of(report)
    if before == attestation:
        return False
    if attestation.problem == TREATED_WITHOUT_CONSENT:
        raise NotReleasable(TREATED_WITHOUT_CONSENT)
    if report.state == Report.State.RELEASED and not attestation.purpose:
        raise NotReleasable(NO_PURPOSE)
    due_before = report.due_on
    _write(report, attestation)
    for action in _actions(before, attestation):
        record(action, who=who, object_id=report.pk)
    record_move(report_id=report.pk, before=due_before, after=report.due_on, who=who)
    return True


def release_attested(*, report: Report, who: Who) -> None:
    """Release a report whose attestation is complete (R36, R37).

    Raises:
        NotReleasable: something is missing; ``str()`` tells staff what.
    """
    report = locked(report)
    attestation = Attestation.of(report)
    if problem := attestation.problem:
        raise NotReleasable(problem)
    release_report(report=report, purpose=Purpose(attestation.purpose), who=who)


def end_treatment(*, report: Report, on: date | None, who: Who) -> bool:
    """Note the day a treatment ended, from which a medical report's period runs (R43).

    Args:
        on: None takes the day back.

    Returns:
        False if nothing is different.

    Raises:
        NotReleasable: the report is not medical.
    """
    report = locked(report)
    if report.purpose != Purpose.MEDICAL:
        raise NotReleasable(NOT_MEDICAL)
    if report.treatment_ended_on == on:
        return False
    due_before = report.due_on
    report.treatment_ended_on = on
    report.save(update_fields=["treatment_ended_on", *set_due(report)])
    record(Action.TREATMENT_ENDED, who=who, object_id=report.pk)
    record_move(report_id=report.pk, before=due_before, after=report.due_on, who=who)
    return True


def locked(report: Report) -> Report:
    """The report as it is now, held until the transaction ends."""
    rows = Report.objects.select_for_update(of=("self",)).select_related("scan", "practice")
    return rows.get(pk=report.pk)


def _write(report: Report, attestation: Attestation) -> None:
    flagged = report.purpose != attestation.purpose
    for name, value in asdict(attestation).items():
        setattr(report, name, value)
    if report.purpose != Purpose.MEDICAL:
        report.treatment_ended_on = None
    # Another paper moves no day, though the practice's instruction has changed since.
    moved = set_due(report) if flagged else []
    report.save(update_fields=[*asdict(attestation), "treatment_ended_on", *moved])


def _actions(before: Attestation, after: Attestation) -> list[Action]:
    actions = []
    if before.purpose != after.purpose:
        actions.append(Action.REPORT_FLAGGED if after.purpose else Action.REPORT_UNFLAGGED)
    grounds = (before.basis, before.basis_on, before.basis_version, before.informed_on)
    if grounds != (after.basis, after.basis_on, after.basis_version, after.informed_on):
        actions.append(Action.BASIS_ATTESTED)
    return actions
