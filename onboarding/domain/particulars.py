"""Reading and writing what a practice states about itself. In the practice's scope."""

from collections.abc import Mapping

from django.db import transaction

from audit.chain import record
from audit.words import Action
from onboarding.models import Particulars
from practices.domain.staff import staff
from practices.models import Practice, User

# What of ``Practice`` its owner states; everything else there is a setting with a page of its own.
ADDRESS = ("name", "street", "postal_code", "city", "phone", "email")


def particulars_of(practice: Practice) -> Particulars:
    """The practice's row; unsaved where nothing was stated yet."""
    return Particulars.objects.first() or Particulars(practice=practice)


def state(user: User, **values: object) -> Particulars:
    """Set fields of ``Particulars``, with an entry in the log."""
    with transaction.atomic():
        row, _created = Particulars.objects.update_or_create(
            practice_id=user.practice_id, defaults=values
        )
        record(Action.PRACTICE_CHANGED, who=staff(user))
    return row


def change_practice(user: User, values: Mapping[str, object]) -> None:
    """Set fields of ``Practice``, with an entry in the log; saying the same again enters none."""
    with transaction.atomic():
        practice = Practice.objects.select_for_update().get(pk=user.practice_id)
        changed = {
            name: value for name, value in values.items() if getattr(practice, name) != value
        }
        if not changed:
            return
        Practice.objects.filter(pk=practice.pk).update(**changed)
        record(Action.PRACTICE_CHANGED, who=staff(user))
    for name, value in changed.items():
        setattr(user.practice, name, value)


def snapshot(practice: Practice, stated: Particulars) -> dict[str, str]:
    """What an agreement says about the practice, for its record."""
    return {
        **{name: str(getattr(practice, name)) for name in ADDRESS},
        "legal_form": stated.legal_form,
        "billing": stated.billing,
        "oversight": stated.oversight,
        "officer_name": stated.officer_name,
        "authority": stated.authority,
    }
