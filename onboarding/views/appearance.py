"""Settings: the practice's logo and colour, on pages and paper."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from onboarding.domain.logo import MOST_BYTES, LogoRefused, clean_logo
from onboarding.domain.particulars import change_practice
from onboarding.forms import AppearanceForm
from practices.access import StaffRequest, practice_page

OUR_ACCENT = "0e5a61"  # frontend/css/tokens.css, by day


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def appearance(request: StaffRequest) -> HttpResponse:
    """GET shows a preview, of ``?accent=`` where one is given; POST keeps."""
    practice = request.user.practice
    form = AppearanceForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid() and _kept(request, form):
        messages.success(request, gettext("Saved."))
        return redirect("onboarding:appearance")
    tried = AppearanceForm({"accent": request.GET.get("accent", "")})
    wanted = tried.cleaned_data["accent"].lstrip("#").lower() if tried.is_valid() else ""
    context = {
        "practice": practice,
        "form": form,
        "accent": wanted or practice.accent or OUR_ACCENT,
        "has_logo": practice.logo is not None,
        "has_accent": bool(practice.accent),
    }
    status = 422 if form.errors else 200
    return render(request, "onboarding/appearance.html", context, status=status)


@require_safe
@practice_page()
def logo(request: StaffRequest) -> HttpResponse:
    """The practice's logo, as it was encoded by us."""
    stored = request.user.practice.logo
    if stored is None:
        raise Http404
    return HttpResponse(bytes(stored), content_type="image/png")


def _kept(request: StaffRequest, form: AppearanceForm) -> bool:
    chosen = form.cleaned_data
    accent = "" if chosen["ours"] else chosen["accent"].lstrip("#").lower()
    values: dict[str, object] = {"accent": accent}
    if chosen["without_logo"]:
        values["logo"] = None
    elif chosen["logo"] is not None:
        try:
            # One byte more than is taken: the rest of a larger file is never read.
            values["logo"] = clean_logo(chosen["logo"].read(MOST_BYTES + 1))
        except LogoRefused as refused:
            form.add_error("logo", gettext(str(refused)))
            return False
    change_practice(request.user, values)
    return True
