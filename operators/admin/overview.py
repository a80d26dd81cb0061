"""The admin's first page: what waits for a person."""

from typing import Any

from django.http import HttpRequest

from audit.words import Action
from operators.access import OperatorRequest, why
from operators.admin.jobs import kind_name
from operators.domain.incidents import overdue
from operators.domain.jobs import set_aside
from operators.domain.links import waiting_links
from operators.domain.log import list_id, no_practice, tell
from operators.site import list_address, site


def overview(request: HttpRequest) -> dict[str, Any]:
    """Incidents that are overdue, jobs set aside, links to confirm. The look is on record."""
    operating: OperatorRequest = request  # type: ignore[assignment]  # the site lets no other in
    with no_practice():
        tell(
            Action.ADMIN_LISTED,
            who=operating.user,
            why=why(operating),
            object_id=list_id("overview"),
        )
    return {
        "why": why(operating),
        "overdue": list(overdue().order_by("noticed_at")),
        "aside": [
            (kind_name(kind), number, f"{list_address(kind)}?aside=1")
            for kind, number in set_aside().items()
        ],
        "links": list(waiting_links()),
    }


site.overview = overview
