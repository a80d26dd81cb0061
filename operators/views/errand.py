"""Why the operator is here: asked before anything is shown."""

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from audit.chain import record
from audit.words import Action
from operators.access import OperatorRequest, signed_in_page, way_back
from operators.domain.log import no_practice, operator
from operators.domain.sessions import come_for
from operators.domain.statements import state
from operators.forms import ReasonForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page
def errand(request: OperatorRequest) -> HttpResponseBase:
    """GET asks; POST states the reason under which the session goes on."""
    if not request.at.equipped:
        return redirect("passkeys")
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    with no_practice():
        statement = state(by=request.user, text=form.cleaned_data["reason"])
        come_for(request.at.session, statement)
        record(Action.REASON_STATED, who=operator(request.user), object_id=statement.pk)
    return HttpResponseRedirect(way_back(request))


def _page(request: OperatorRequest, form: ReasonForm) -> HttpResponse:
    context = {"form": form, "next": way_back(request), "current": request.at.statement}
    status = 422 if form.is_bound else 200
    return render(request, "operators/errand.html", context, status=status)
