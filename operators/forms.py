"""What operators type."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.words import Action, Actor
from operators.domain.affected import Trail
from operators.domain.statements import LONGEST, SHORTEST
from operators.models import Account, Incident


class ReasonField(forms.CharField):
    """Why something is done, in words that the practice may read."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Reason"))
        options.setdefault(
            "help_text",
            _("The practice may read it. Say what for and on whose word, and name no patient."),
        )
        super().__init__(min_length=SHORTEST, max_length=LONGEST, **options)
        self.widget.attrs["rows"] = 3


class ReasonForm(forms.Form):
    reason = ReasonField()


def _moment(**options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options
    )


class IncidentForm(forms.ModelForm):  # type: ignore[type-arg]
    """The facts of an incident."""

    noticed_at = _moment(
        label=_("Noticed at"), help_text=_("From here the 24 hours run until practices know.")
    )
    happened_from = _moment(label=_("Happened from"), required=False)
    happened_to = _moment(label=_("Happened until"), required=False)
    next_update_at = _moment(label=_("Next news by"), required=False)
    natures = forms.MultipleChoiceField(
        label=_("Kinds of breach"),
        choices=Incident.Nature.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    data_classes = forms.MultipleChoiceField(
        label=_("Data affected"),
        choices=Incident.DataClass.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = ReasonField(required=False, help_text=_("Empty: what you came for."))

    class Meta:
        model = Incident
        fields = (
            "noticed_at",
            "discovery",
            "happened_from",
            "happened_to",
            "severity",
            "natures",
            "data_classes",
            "next_update_at",
        )

    def clean_noticed_at(self) -> datetime:
        noticed: datetime = self.cleaned_data["noticed_at"]
        if noticed > timezone.now():
            raise forms.ValidationError(_("That is not yet."))
        return noticed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        began, ended = cleaned.get("happened_from"), cleaned.get("happened_to")
        if began and ended and ended < began:
            self.add_error("happened_to", _("It ended before it began."))
        return cleaned


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a notice tells, in one language."""

    reason = ReasonField(required=False, help_text=_("Empty: what you came for."))

    class Meta:
        model = Account
        fields = ("what", "before", "consequences", "measures", "unknown")


class TraceForm(forms.Form):
    """What to look for in the log."""

    since = _moment(label=_("From"))
    until = _moment(label=_("Until"))
    actions = forms.MultipleChoiceField(
        label=_("Actions"),
        required=False,
        choices=[(action.value, action.value) for action in Action],
        widget=forms.SelectMultiple(attrs={"size": 12}),
        help_text=_("None chosen: whatever was done."),
    )
    objects = forms.CharField(
        label=_("Objects"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Ids of scans, reports or files, one after the other. Empty: all."),
    )
    actor = forms.ChoiceField(
        label=_("Actor"), required=False, choices=[("", "–"), *((a.value, a.value) for a in Actor)]
    )
    actor_id = forms.IntegerField(label=_("Number of the actor"), required=False, min_value=1)
    reason = ReasonField(required=False, help_text=_("Empty: what you came for."))

    def clean_objects(self) -> tuple[UUID, ...]:
        try:
            return tuple(UUID(word) for word in self.cleaned_data["objects"].split())
        except ValueError as error:
            raise forms.ValidationError(_("These are not all ids.")) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until <= since:
            self.add_error("until", _("It ended before it began."))
        return cleaned


def trail_of(typed: Mapping[str, Any]) -> Trail:
    """What a valid ``TraceForm`` asks for."""
    return Trail(
        since=typed["since"],
        until=typed["until"],
        actions=tuple(Action(word) for word in typed["actions"]),
        objects=typed["objects"],
        actor=Actor(typed["actor"]) if typed["actor"] else None,
        actor_id=typed["actor_id"],
    )
