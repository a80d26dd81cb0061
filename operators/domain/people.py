"""Operators who leave."""

from uuid import UUID

from audit.chain import OPERATOR, record
from audit.words import Action
from operators.domain.log import no_practice, tell
from operators.domain.sessions import end_sessions
from operators.models import Operator, OperatorLink, OperatorPasskey, Statement


def deactivate(
    *, handle: UUID, by: Operator | None = None, why: Statement | None = None
) -> Operator:
    """Let an operator in no more: their sessions end at once, passkeys and links are gone.

    Args:
        by, why: the colleague and the reason; None for somebody at the command line.

    Raises:
        Operator.DoesNotExist: nobody of that handle is active.
    """
    with no_practice():
        who = Operator.objects.select_for_update().get(handle=handle, is_active=True)
        Operator.objects.filter(pk=who.pk).update(is_active=False)
        end_sessions(who)
        OperatorPasskey.objects.filter(operator=who).delete()
        OperatorLink.objects.filter(operator=who, used_at=None).delete()
        if by is not None and why is not None:
            tell(Action.ADMIN_DEACTIVATED, who=by, why=why, object_id=who.handle)
        else:
            record(Action.ADMIN_DEACTIVATED, who=OPERATOR, object_id=who.handle)
    return who
