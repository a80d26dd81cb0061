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

# What a higher value means, and what else plays a part in it: no scale explains itself.
BACKGROUNDS: dict[Metric, str | Promise] = {
    Metric.WRINKLES: _(
        "A higher value means that the scanner saw more lines, or saw them more clearly. The"
        " expression on the face and the light during the capture play a part in it."
    ),
    Metric.PORES: _(
        "A higher value means that the scanner saw more pores, or larger ones. The light during"
        " the capture and make-up play a part in it."
    ),
    Metric.PIGMENTATION: _(
        "A higher value means that a larger part of the skin is darker than its surroundings."
        " Sun before the capture and make-up play a part in it."
    ),
    Metric.REDNESS: _(
        "A higher value means that a larger part of the skin looks redder than its surroundings."
        " Warmth, exertion or rubbing shortly before the capture play a part in it."
    ),
    Metric.HYDRATION_PROXY: _(
        "A higher value means that the scanner estimates more water at the surface of the skin."
        " Cream on the skin and the air in the room play a part in it."
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
    "left_side": _("Face from the left side"),
    "right_side": _("Face from the right side"),
}

# Short enough for a button. Left and right are the scanned person's own.
VIEW_NAMES: dict[str, str | Promise] = {
    "front": _("Front"),
    "left": _("Half left"),
    "right": _("Half right"),
    "left_side": _("Left"),
    "right_side": _("Right"),
}

# As they follow one another on the screen: the person's right is the reader's left.
WALK_ROUND = ("right_side", "right", "front", "left", "left_side")

ACTIONS: dict[str, str | Promise] = {
    "scan.discovered": _("Scan found"),
    "pull.started": _("Copying started"),
    "scan.pulled": _("Copied and sealed"),
    "conversion.started": _("3D conversion started"),
    "scan.converted": _("3D view made"),
    "test.marked": _("Marked as the test"),
    "series.linked": _("Linked as a follow-up"),
    "series.unlinked": _("Taken out of its follow-ups"),
    "scan.retried": _("Tried again"),
    "detail.wanted": _("Full detail asked for"),
    "detail.made": _("3D view in full detail made"),
    "scans.listed": _("List viewed"),
    "scan.viewed": _("Viewed in the practice"),
    "report.created": _("Report created"),
    "report.flagged": _("Marked as medical or aesthetic"),
    "report.unflagged": _("Mark as medical or aesthetic taken back"),
    "basis.attested": _("Legal basis attested"),
    "treatment.ended": _("End of the treatment noted"),
    "identity.corrected": _("Name or address corrected"),
    "desk.locked": _("Screen locked"),
    "staff.pledged": _("Secrecy pledged"),
    "report.released": _("Report released"),
    "report.opened": _("Opened with the link"),
    "report.viewed": _("Viewed with the link"),
    "file.viewed": _("File viewed"),
    "report.restricted": _("Report restricted"),
    "report.unrestricted": _("Restriction lifted"),
    "code.issued": _("Access code made"),
    "code.refused": _("Wrong access code typed"),
    "code.locked": _("Locked after wrong access codes"),
    "case.opened": _("Request received"),
    "case.viewed": _("Request viewed"),
    "case.done": _("Request answered"),
    "case.refused": _("Request refused"),
    "case.extended": _("Time to answer extended"),
    "bundle.taken": _("All data taken as files"),
    "scan.exported": _("Sent in an export of the practice"),
    "mail.prepared": _("Mail prepared"),
    "mail.sent": _("Mail sent"),
    "mail.failed": _("Mail not sent"),
    "mail.requested": _("Mail asked for"),
    "mail.handled": _("Mail dealt with"),
    "mail.route_changed": _("Way of mails changed"),
    "address.confirmed": _("Address confirmed"),
    "link.disabled": _("Link turned off after a returned mail"),
    "link.renewed": _("New link made"),
    "link.revoked": _("Link turned off"),
    "letter.printed": _("Letter printed"),
    "erasure.requested": _("Erasure requested"),
    "erasure.replayed": _("Erased again after a backup was restored"),
    "erasure.verified": _("Erasure verified"),
    "due.sooner": _("Day of erasure moved forward"),
    "due.later": _("Day of erasure put off"),
    "object.missing": _("A file is missing in storage"),
    "report.granted": _("Opened for Dermalia, with a reason"),
    "report.inspected": _("Viewed by Dermalia"),
    "admin.viewed": _("State looked at by Dermalia"),
    "job.retried": _("Started again by Dermalia"),
}

ACTORS: dict[str, str | Promise] = {
    "system": _("Dermalia"),
    "staff": _("Practice"),
    "patient": _("Link holder"),
    "operator": _("Operator"),
}
