"""The allow-list of regions (R1)."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

# Names providers give to data centres in or around Frankfurt am Main.
FRANKFURT = frozenset({"eu-central-1", "aws-eu-central-1", "fra1", "de-fra", "eu-de", "local"})


def require_allowed(regions: Mapping[str, str]) -> None:
    """Refuse to start when any part of the system is declared to be outside Frankfurt.

    Args:
        regions: part of the system → declared region.

    Raises:
        ImproperlyConfigured: naming every part that is not allowed.
    """
    wrong = {part: region for part, region in regions.items() if region not in FRANKFURT}
    if wrong:
        places = ", ".join(f"{part} in {region!r}" for part, region in wrong.items())
        raise ImproperlyConfigured(
            f"Not in an allowed region: {places}. Allowed: {', '.join(sorted(FRANKFURT))}."
        )
