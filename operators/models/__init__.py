"""Administrators of the service, what they state, what they opened, and what went wrong.

People, statements and incidents belong to no practice. ``Grant`` and ``Notice`` do: they are
what a practice may know of, and are guarded like everything of a practice's.
"""

from operators.models.grants import Grant
from operators.models.incidents import Account, Incident, Notice
from operators.models.people import Operator, OperatorLink, OperatorPasskey, OperatorSession
from operators.models.statements import Statement

__all__ = [
    "Account",
    "Grant",
    "Incident",
    "Notice",
    "Operator",
    "OperatorLink",
    "OperatorPasskey",
    "OperatorSession",
    "Statement",
]
