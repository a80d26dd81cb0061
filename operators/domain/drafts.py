"""What a notice says before somebody has written anything: true of every incident, to be completed.

The fields are those of Art. 33(3) GDPR; names, times and numbers are not among them, as the notice
adds them from the register.
"""

from django.utils.translation import gettext, override

LEFT_OPEN = "…"  # where somebody has to write on; no notice goes out with it


def draft(language: str) -> dict[str, str]:
    """The words of an account in a language, by field."""
    with override(language):
        return {
            "what": gettext(
                "On the day named above we noticed that … Through this, somebody who was not"
                " entitled to may have had access to data of your practice."
            ),
            "before": gettext(
                "Names, e-mail addresses, values, pictures and 3D models are encrypted with a key"
                " of each report's own; practices are separated in the database; every access is"
                " in a log that cannot be changed unnoticed."
            ),
            "consequences": gettext(
                "Patients may lose control over pictures of their face and values of their skin. …"
            ),
            "measures": gettext(
                "We have closed the way in, ended all sessions concerned and kept the evidence. …"
            ),
            "unknown": gettext("What we are still looking into: …"),
        }
