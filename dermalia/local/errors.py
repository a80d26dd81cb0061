"""What is wrong with a practice's own server, for whoever sets it up."""


class SetupRefused(Exception):
    """An answer is missing or cannot be right; one sentence says what to do. Nothing changed."""
