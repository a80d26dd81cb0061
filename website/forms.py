"""The contact form. No third party decides who is a person: time, a trap and a count do."""

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from dermalia.mail import AddressRefused, clean_address

SALT = "website.contact"
LEAST_SECONDS, MOST_SECONDS = 3, 12 * 3600
LONGEST_TEXT = 4000


def new_token() -> str:
    """What a form is handed out with; tells when."""
    return signing.TimestampSigner(salt=SALT).sign("form")


def token_again(token: str) -> str:
    """The token of a form that comes back with mistakes: as it was, so that nobody waits twice."""
    try:
        signing.TimestampSigner(salt=SALT).unsign(token, max_age=MOST_SECONDS)
    except signing.BadSignature:
        return new_token()
    return token


class ContactForm(forms.Form):
    """A question, and where to answer it."""

    name = forms.CharField(max_length=100, required=False, label=_("Name (optional)"))
    email = forms.CharField(max_length=254, label=_("E-mail address for the answer"))
    text = forms.CharField(max_length=LONGEST_TEXT, label=_("Your question"))
    homepage = forms.CharField(max_length=200, required=False)  # the trap: nobody sees it
    token = forms.CharField(max_length=200, required=False)

    def asked(self) -> list[forms.BoundField]:
        """What a person is asked for."""
        return [self["name"], self["email"], self["text"]]

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except AddressRefused as problem:
            raise forms.ValidationError(_(str(problem))) from problem

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("homepage") or not _is_timely(self.cleaned_data.get("token", "")):
            raise forms.ValidationError(
                _("The form came back too fast or too late. Please send it once more.")
            )


def _is_timely(token: str) -> bool:
    signer = signing.TimestampSigner(salt=SALT)
    try:
        signer.unsign(token, max_age=MOST_SECONDS)
    except signing.BadSignature:
        return False
    try:
        signer.unsign(token, max_age=LEAST_SECONDS)
    except signing.SignatureExpired:
        return True
    return False
