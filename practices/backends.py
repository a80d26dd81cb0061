"""How a session finds its user. Nobody signs in by name and password alone."""

from django.db.models import IntegerField

from dermalia.tenancy.statements import Given, Statement
from practices.models import User

# The practice's logo is large, and no page that staff see shows it.
_USER = Statement(
    lambda: (
        User.objects.filter(pk=Given("user_id", IntegerField()), is_active=True)
        .select_related("practice")
        .defer("practice__logo")
    )
)


class LinkBackend:
    """Ways in are in ``practices.domain.sign_in``; this only loads the user of a session."""

    def authenticate(self, request: object, **credentials: object) -> None:
        return None

    def get_user(self, user_id: int) -> User | None:
        return _USER.first(user_id=user_id)
