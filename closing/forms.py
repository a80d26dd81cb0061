"""What people type before everything goes."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from closing.models import ContractEnd


class NameForm(forms.Form):
    """Asks for the practice's name, so that nobody erases everything by one click."""

    name = forms.CharField(
        max_length=200, error_messages={"required": _("Please type the practice’s name.")}
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = " ".join(expected.split())

    def clean_name(self) -> str:
        typed: str = " ".join(self.cleaned_data["name"].split())
        if typed.casefold() != self.expected.casefold():
            raise forms.ValidationError(gettext("This is not the name. Nothing was erased."))
        return typed


class ChoiceForm(forms.Form):
    choice = forms.ChoiceField(
        choices=ContractEnd.Choice, error_messages={"required": _("Please choose.")}
    )


class CodeForm(forms.Form):
    code = forms.CharField(max_length=40, error_messages={"required": _("Please type the code.")})
