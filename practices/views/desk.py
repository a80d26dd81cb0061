"""How somebody works at the dashboard, and locking it for who leaves the desk."""

from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practices.access import StaffRequest, practice_page
from practices.desk import is_locked, lock, set_desk, unlock_demo
from practices.models import Desk, StaffSession
from practices.views.back import way_back


class DeskForm(forms.Form):
    initials = forms.BooleanField(required=False)
    shortcuts = forms.BooleanField(required=False)
    locks_after = forms.TypedChoiceField(choices=Desk.Minutes.choices, coerce=int)


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page()
def desk(request: StaffRequest) -> HttpResponse:
    """GET shows what can be chosen; POST keeps it."""
    form = DeskForm(request.POST or None)
    if form.is_valid():
        set_desk(request.user, **form.cleaned_data)
        return redirect("reports:scan_list")
    context = {
        "practice": request.user.practice,
        "minutes": Desk.Minutes.choices,
    }
    return render(request, "practices/desk.html", context, status=422 if form.is_bound else 200)


@require_POST
@practice_page(while_locked=True)
def lock_desk(request: StaffRequest) -> HttpResponse:
    """Lock this browser; the page it was at waits behind the lock."""
    lock(request, request.seen, request.user)
    back = urlencode({"next": way_back(request)})
    return HttpResponseRedirect(f"{reverse('practices:locked')}?{back}")


@require_safe
@practice_page(while_locked=True)
def locked(request: StaffRequest) -> HttpResponse:
    """The cover: who locked it, and the way back; the list itself when nothing is locked."""
    back = way_back(request)
    if not is_locked(request, request.seen):
        return HttpResponseRedirect(back)
    context = {
        "practice": request.user.practice,
        "next": back,
        "is_demo": request.seen.session.factor == StaffSession.Factor.DEMO,
    }
    return render(request, "practices/locked.html", context)


@require_POST
@practice_page(while_locked=True)
def unlock_desk(request: StaffRequest) -> HttpResponse:
    """The demo's way back; everybody else shows a factor."""
    unlock_demo(request, request.seen)
    return HttpResponseRedirect(way_back(request))
