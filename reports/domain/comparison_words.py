"""The words around a comparison. They name two captures and a difference, and judge neither."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports.domain.series import Difference, NotLinkable

MARK = _("Comparison view · for consultation and patient record only · not for advertising")
TERMS = _("For consultation and patient record only. Not for advertising.")

# Article and ruling as the law names them (R41).
NOTICE = _(
    "Comparing before-and-after pictures may not be used publicly for advertising as far as"
    " section 11(1) sentence 3 no. 1 of the German Act on Advertising for Medicines (HWG) applies"
    " (Federal Court of Justice, 31 July 2025 – I ZR 170/24). The consent of the person shown"
    " does not change this. Light, angle and facial expression can affect the picture."
)

CAPTURES = (_("Capture 1"), _("Capture 2"))

# Why there is no comparison, for whoever wants to see it.
DIFFERENCES: dict[Difference, str | Promise] = {
    Difference.UNKNOWN: _(
        "These two captures cannot be compared: it is not known of both which device took them,"
        " and with which version of its algorithm."
    ),
    Difference.DEVICE: _(
        "These two captures cannot be compared: they come from different devices. Each device has"
        " a scale of its own, so their values cannot be set beside each other."
    ),
    Difference.ALGORITHM: _(
        "These two captures cannot be compared: the device worked out their values with different"
        " versions of its algorithm, so they are not on the same scale."
    ),
}
SAME = _("Please choose two different captures.")
NOTHING = _("At the moment there is no other capture to compare this one with.")

NOT_LINKED: dict[NotLinkable.Reason, str | Promise] = {
    NotLinkable.Reason.TOO_FEW: _("Please choose at least one other report."),
    NotLinkable.Reason.UNKNOWN: _("One of these reports is no longer there."),
    NotLinkable.Reason.TWO_SERIES: _(
        "These reports belong to two different series. Take one of them out of its series first."
    ),
}
