"""Passwords, which open nothing without an app's code."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password

from practices.models import User


def set_password(user: User, password: str) -> None:
    """Raises ``ValidationError`` with sentences for the user if it is too easy to guess."""
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


def check_password(user: User | None, password: str) -> bool:
    """Whether it is the user's. Takes as long for nobody as for somebody."""
    if user is None or not user.password or not user.has_usable_password():
        make_password(password)
        return False
    return user.check_password(password)
