"""Giving a job that was set aside to the workers once more."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from dermalia.work.models import Work
from operators.access import OperatorRequest, operator_page
from operators.domain.jobs import kinds, try_again
from operators.models import Statement
from operators.views.acts import Doing, Refused, act_page


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def retry_job(request: OperatorRequest, label: str, practice_id: int, pk: str) -> HttpResponse:
    kind = _kind(label)
    aside = kind.across_practices.using("admin").filter(
        pk=_typed_pk(kind, pk), practice_id=practice_id, quarantined_at__isnull=False
    )
    job = aside.only(*kind.admin_sees).first()
    if job is None:
        raise Http404

    def do(_typed: dict[str, Any], why: Statement) -> None:
        try:
            try_again(kind=kind, practice_id=practice_id, pk=job.pk, by=request.user, why=why)
        except LookupError as gone:
            raise Refused(gettext("Somebody else was faster.")) from gone

    doing = Doing(
        act="job.retry",
        object=f"{label}/{job.pk}",
        title=gettext("Try again"),
        lead=job.last_error or gettext("It was set aside without a word."),
        button=gettext("Try again"),
        do=do,
        done=gettext("The workers have it."),
        back=reverse(f"admin:{label.replace('.', '_')}_changelist"),
    )
    return act_page(request, doing)


def _kind(label: str) -> type[Work]:
    for kind in kinds():
        if kind._meta.label_lower == label:
            return kind
    raise Http404


def _typed_pk(kind: type[Work], text: str) -> object:
    try:
        return kind._meta.pk.to_python(text)
    except ValidationError as error:
        raise Http404 from error
