"""Who the tenants are, who works for them, and how they sign in.

``Practice``, ``User``, ``SignInLink``, ``Challenge`` and ``Attempt`` are looked up before any scope
can be known, so they are the tables without row-level security. They hold no patient data.
"""

from practices.models.attempts import Attempt, Challenge
from practices.models.desk import Desk
from practices.models.factors import Authenticator, BackupCode, Passkey
from practices.models.sessions import StaffSession
from practices.models.staff import SignInLink, User, UserManager
from practices.models.tenants import Basis, Language, Practice, Purpose

__all__ = [
    "Attempt",
    "Authenticator",
    "BackupCode",
    "Basis",
    "Challenge",
    "Desk",
    "Language",
    "Passkey",
    "Practice",
    "Purpose",
    "SignInLink",
    "StaffSession",
    "User",
    "UserManager",
]
