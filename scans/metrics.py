"""The five metrics and the zones they are given for."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Metric(models.TextChoices):
    """What the device measures (R22). The last one is an estimate, always shown as one."""

    WRINKLES = "wrinkles", _("Wrinkles")
    PORES = "pores", _("Pores")
    PIGMENTATION = "pigmentation", _("Pigmentation")
    REDNESS = "redness", _("Redness")
    HYDRATION_PROXY = "hydration_proxy", _("Hydration (estimate)")

    @property
    def is_estimate(self) -> bool:
        return self is Metric.HYDRATION_PROXY


class Zone(models.TextChoices):
    """Regions of the face; left and right are the scanned person's own."""

    FACE = "face", _("Whole face")
    FOREHEAD = "forehead", _("Forehead")
    LEFT_EYE = "left_eye", _("Left eye area")
    RIGHT_EYE = "right_eye", _("Right eye area")
    NOSE = "nose", _("Nose")
    LEFT_CHEEK = "left_cheek", _("Left cheek")
    RIGHT_CHEEK = "right_cheek", _("Right cheek")
    CHIN = "chin", _("Chin")
