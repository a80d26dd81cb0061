"""How a session finds its user. Nobody signs in by name and password alone."""

from practices.models import User


class LinkBackend:
    """Ways in are in ``practices.domain.sign_in``; this only loads the user of a session."""

    def authenticate(self, request: object, **credentials: object) -> None:
        return None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).select_related("practice").first()
