"""What is under way in the practice in scope."""

from closing.models import ContractEnd, Everything
from dermalia.tenancy.statements import Figures, Statement

# Every page of an owner's asks these.
_END = Statement(
    lambda: ContractEnd.objects.select_related("order").filter(withdrawn_at=None).order_by("pk")[:1]
)
_CLOSING = Figures(
    lambda: Everything.objects.exclude(kind=Everything.Kind.DATASET).values_list("pk")[:1]
)


def contract_end() -> ContractEnd | None:
    """The end of the contract that was given notice of and not withdrawn."""
    return _END.first()


def order_under_way() -> Everything | None:
    """The order that is not verified yet."""
    return Everything.objects.exclude(state=Everything.State.VERIFIED).first()


def takes_in() -> bool:
    """Whether scans may come in: not where everything goes, nor once the service is to end, as an
    export that was handed over must stay everything there is."""
    ends = ContractEnd.objects.filter(reason=ContractEnd.Reason.SERVICE, withdrawn_at=None)
    return not (is_closing() or ends.exists())


def is_closing() -> bool:
    """Whether the practice is being closed, or is closed."""
    return _CLOSING.any()
