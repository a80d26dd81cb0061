"""Why somebody did something, in their own words."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Statement(models.Model):
    """A reason that an operator has stated. Written once: a trigger sees to it.

    Its id is the beginning of the SHA-256 over what it says (``operators.domain.statements``), and
    the log holds the id: whoever changes the words is found out.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    by = models.ForeignKey(
        "operators.Operator", on_delete=models.PROTECT, null=True, related_name="statements"
    )
    text = models.CharField(_("reason"), max_length=300)
    salt = models.BinaryField()  # no text can be guessed from an id in a practice's log
    stated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("stated reason")
        verbose_name_plural = _("stated reasons")
        indexes = [models.Index(fields=["-stated_at"], name="statement_newest")]

    def __str__(self) -> str:
        return self.text
