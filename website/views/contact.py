"""The form to the data protection officer. It sets no cookie, so it has no CSRF token either:
it acts for nobody who is signed in, and whoever forges it could as well fill it in."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from dermalia.clients import client_address, network_of
from practices.domain.attempts import Paused, count_try, inquiries
from website.domain.inquiries import ask
from website.forms import ContactForm, token_again
from website.views.public import public_page, show


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public_page
def contact(request: HttpRequest) -> HttpResponse:
    """The form; a question that is complete is on its way when the answer leaves."""
    if request.method != "POST":
        response = _form(request, ContactForm())
        response.headers["Cache-Control"] = "no-store"  # each form has a time of its own
        return response
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        count_try(inquiries(network_of(client_address(request))))
    except Paused as pause:
        form.add_error(
            None, gettext("Many questions come from your network. Please try again in a while.")
        )
        response = _form(request, form, status=429)
        response.headers["Retry-After"] = str(pause.seconds)
        return response
    told = form.cleaned_data
    ask(
        name=told["name"],
        email=told["email"],
        text=told["text"],
        language=get_language() or "de",
    )
    return HttpResponseRedirect(reverse("public:contact_sent"))


@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    return show(request, "contact_sent")


def _form(request: HttpRequest, form: ContactForm, *, status: int = 200) -> HttpResponse:
    token = token_again(request.POST.get("token", ""))
    return show(request, "contact", {"form": form, "token": token}, status=status)
