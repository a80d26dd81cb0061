"""What owners fill in while joining, and later on."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dermalia.mail import AddressRefused, clean_address
from onboarding.models import Authority, Billing, Oversight
from practices.models import Basis, Language, Practice, Purpose
from scans.models import Connection

REQUIRED = {"required": _("Please fill this in."), "invalid_choice": _("Please choose.")}


def text(most: int, **more: Any) -> forms.CharField:
    return forms.CharField(max_length=most, error_messages=REQUIRED, **more)


class PracticeForm(forms.Form):
    """The parties' side of the agreement (R59)."""

    name = text(120)
    legal_form = text(80)
    street = text(120)
    postal_code = text(10)
    city = text(80)
    phone = text(40, required=False)
    email = text(254)
    authorised_name = text(120)
    authorised_role = text(120)

    STATED: ClassVar[tuple[str, ...]] = ("legal_form", "authorised_name", "authorised_role")

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except AddressRefused as refused:
            raise forms.ValidationError(gettext(str(refused))) from refused


class BillingForm(forms.Form):
    billing = forms.ChoiceField(choices=Billing, error_messages=REQUIRED)


class OversightForm(forms.Form):
    """Officer or reason (§ 38 BDSG), and the authority."""

    oversight = forms.ChoiceField(choices=Oversight, error_messages=REQUIRED)
    officer_name = text(120, required=False)
    officer_contact = text(200, required=False)
    no_officer_reason = text(500, required=False)
    authority = forms.ChoiceField(choices=Authority, error_messages=REQUIRED)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        appointed = data.get("oversight") == Oversight.APPOINTED
        needed = ("officer_name", "officer_contact") if appointed else ("no_officer_reason",)
        for name in needed if data.get("oversight") else ():
            if not data.get(name):
                self.add_error(name, REQUIRED["required"])
        # What belongs to the other answer is not kept.
        for name in {"officer_name", "officer_contact", "no_officer_reason"} - set(needed):
            data[name] = ""
        return data


NOTHING_ATTESTED: dict[str, Any] = {
    "standing_basis": "",
    "standing_basis_on": None,
    "standing_basis_version": "",
}


class ReleaseForm(forms.Form):
    """How reports are released; at once only with a standing attestation, which takes the place
    of what staff would say about each (R37)."""

    release = forms.ChoiceField(choices=Practice.Release, error_messages=REQUIRED)
    default_purpose = forms.ChoiceField(choices=[("", ""), *Purpose.choices], required=False)
    standing_basis = forms.ChoiceField(choices=[("", ""), *Basis.choices], required=False)
    standing_basis_on = forms.DateField(
        required=False, error_messages={"invalid": _("This is no date.")}
    )
    standing_basis_version = text(24, required=False)

    def clean_standing_basis_on(self) -> date | None:
        on: date | None = self.cleaned_data["standing_basis_on"]
        if on is not None and on > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return on

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("release") != Practice.Release.AT_ONCE:
            # Whoever looks at each report attests each; nothing stands for all of them.
            return data | NOTHING_ATTESTED
        if not data.get("default_purpose"):
            self.add_error(
                "default_purpose", _("Reports that are released at once need a purpose.")
            )
        for name in NOTHING_ATTESTED:
            if not data.get(name) and name not in self.errors:
                self.add_error(name, REQUIRED["required"])
        stated = data.get("default_purpose"), data.get("standing_basis")
        if stated == (Purpose.AESTHETIC, Basis.TREATMENT):
            refusal = _("An aesthetic report always needs the written consent.")
            self.add_error("standing_basis", refusal)
        return data


class ReportsForm(ReleaseForm):
    """All that is decided about reports and their links."""

    language = forms.ChoiceField(choices=Language, error_messages=REQUIRED)
    access_code = forms.BooleanField(required=False)
    counts_use = forms.BooleanField(required=False)


class AgreementForm(forms.Form):
    """Nothing is ticked beforehand; secrecy is agreed to apart."""

    _TICK = {"required": _("Please tick this if you agree.")}

    authorised = forms.BooleanField(error_messages=_TICK)
    secrecy = forms.BooleanField(error_messages=_TICK)


class AppearanceForm(forms.Form):
    accent = forms.RegexField(
        r"^#?[0-9a-fA-F]{6}$",
        required=False,
        error_messages={"invalid": _("A colour has six hexadecimal digits.")},
    )
    ours = forms.BooleanField(required=False)  # no colour of its own
    logo = forms.FileField(required=False)
    without_logo = forms.BooleanField(required=False)


class AccountForm(forms.Form):
    """Access to the scanner's cluster."""

    base_url = forms.URLField(
        max_length=200,
        assume_scheme="https",
        error_messages=REQUIRED | {"invalid": _("This is not an address.")},
    )
    client_id = text(120)
    client_secret = text(200, strip=False)


class FolderForm(forms.Form):
    folder = text(64)
    exports = forms.ChoiceField(choices=Connection.Exports, error_messages=REQUIRED)


class SilenceForm(forms.Form):
    """After how many hours without a word from a scanner somebody is told."""

    silent_hours = forms.IntegerField(
        min_value=1,
        max_value=72,
        error_messages=REQUIRED
        | dict.fromkeys(
            ("invalid", "min_value", "max_value"), _("Please give between 1 and 72 hours.")
        ),
    )


class InstructionForm(forms.Form):
    purpose = forms.ChoiceField(choices=Purpose, error_messages=REQUIRED)
    months = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=600,
        error_messages={
            "invalid": _("Please give a whole number of months."),
            "min_value": _("At least one month."),
            "max_value": _("At most 600 months."),
        },
    )
    reason = text(500)
    aware = forms.BooleanField(required=False)  # of an objection of ours


class ObjectionForm(forms.Form):
    reason = text(1000)


class RecipientForm(forms.Form):
    name = text(120)
    purpose = text(300)
    basis = text(300)
