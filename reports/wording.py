"""The words patients read. They describe values and judge nothing (see R34)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scans.metrics import Metric

NOTICE = _(
    "This view shows values supplied by the skin scanner. It contains no diagnosis and no"
    " treatment recommendation and does not replace a medical assessment."
)

EXPLANATIONS: dict[Metric, str | Promise] = {
    Metric.WRINKLES: _(
        "How many fine and deeper lines the scanner sees in the skin, and how clearly they show."
    ),
    Metric.PORES: _("How many pores the scanner sees on the surface, and how large they appear."),
    Metric.PIGMENTATION: _(
        "How much of the skin is darker than the skin around it, such as freckles and spots."
    ),
    Metric.REDNESS: _("How much of the skin looks redder than the skin around it."),
    Metric.HYDRATION_PROXY: _(
        "An estimate, from how the skin reflects light, of how much water its surface holds."
    ),
}

LIGHTS: dict[str, str | Promise] = {
    "white": _("White light"),
    "uv": _("UV light"),
    "cross_polarised": _("Cross-polarised light"),
    "parallel_polarised": _("Parallel-polarised light"),
}

VIEWS: dict[str, str | Promise] = {
    "front": _("Face from the front"),
    "left": _("Face from the left"),
    "right": _("Face from the right"),
}

ACTIONS: dict[str, str | Promise] = {
    "scan.discovered": _("Scan found"),
    "pull.started": _("Copying started"),
    "scan.pulled": _("Copied and sealed"),
    "conversion.started": _("3D conversion started"),
    "scan.converted": _("3D view made"),
    "scans.listed": _("List viewed"),
    "scan.viewed": _("Viewed in the practice"),
    "report.created": _("Report created"),
    "report.released": _("Report released"),
    "report.opened": _("Opened with the link"),
    "report.viewed": _("Viewed with the link"),
    "file.viewed": _("File viewed"),
    "mail.prepared": _("Mail prepared"),
    "mail.sent": _("Mail sent"),
    "erasure.requested": _("Erasure requested"),
    "erasure.verified": _("Erasure verified"),
}

ACTORS: dict[str, str | Promise] = {
    "system": _("Dermalia"),
    "staff": _("Practice"),
    "patient": _("Link holder"),
    "operator": _("Operator"),
}
