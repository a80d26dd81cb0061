"""What staff type to sign in, and to let others in."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dermalia.mail import AddressRefused, clean_address
from practices.models import User

REQUIRED = _("Please fill this in.")


class SignInForm(forms.Form):
    """All three at once, so that no answer tells which of them was wrong."""

    email = forms.CharField(max_length=254, error_messages={"required": REQUIRED})
    # Longer ones would only cost time to hash.
    password = forms.CharField(max_length=128, strip=False, error_messages={"required": REQUIRED})
    code = forms.CharField(max_length=40, error_messages={"required": REQUIRED})


class AppForm(forms.Form):
    """A new password, and the first code of the app."""

    password = forms.CharField(max_length=128, strip=False, error_messages={"required": REQUIRED})
    code = forms.CharField(max_length=10, error_messages={"required": REQUIRED})


class CodeForm(forms.Form):
    code = forms.CharField(max_length=10, error_messages={"required": REQUIRED})


class PasskeyForm(forms.Form):
    """What the browser's authenticator answered, as JSON, and how to call a new passkey."""

    answer = forms.CharField(max_length=16_384)
    name = forms.CharField(max_length=60, required=False)


class InvitationForm(forms.Form):
    email = forms.CharField(max_length=254, error_messages={"required": REQUIRED})
    role = forms.ChoiceField(choices=User.Role.choices, initial=User.Role.STAFF)

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except AddressRefused as refused:
            raise forms.ValidationError(gettext(str(refused))) from refused


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=User.Role.choices)
