"""Practice scope: every row of a practice is reached inside its scope or not at all."""

from dermalia.tenancy.scope import NoPracticeScope, current_practice, practice_scope

__all__ = ["NoPracticeScope", "current_practice", "practice_scope"]
