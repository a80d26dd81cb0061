"""Links after the first one wait for a colleague, and nobody begins anew alone."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from operators.domain.links import issue_link
from operators.models import Operator, OperatorLink, OperatorPasskey, OperatorSession
from tests.operators.conftest import ROLLED_BACK, Desk

pytestmark = [ROLLED_BACK]

SEEN = {"reason": "They stood before me and asked"}


def confirm(desk: Desk, link: OperatorLink) -> int:
    return desk.do(f"/links/{link.pk}/confirm/", SEEN).status_code


def test_a_second_administrator_waits_for_the_first(admin: Desk) -> None:
    secret, link = issue_link(name="Demo Second")
    second = Desk(name="Demo Second")
    assert second.enter(secret).status_code == 403
    assert link.operator.passkeys.count() == 0
    assert b"Demo Second" in admin.get("/").content
    assert confirm(admin, link) == 302
    assert second.enter(secret).status_code == 302
    assert second.make_passkey(second.first).status_code == 302


def test_confirming_takes_a_passkey(admin: Desk) -> None:
    _secret, link = issue_link(name="Demo Second")
    assert admin.post(f"/links/{link.pk}/confirm/", SEEN).status_code == 401
    link.refresh_from_db()
    assert link.confirmed_by is None


def test_a_link_to_begin_anew_waits_for_a_colleague(admin: Desk) -> None:
    second = enrolled(admin, "Demo Second")
    secret, link = issue_link(name="Demo Admin")
    assert link.kind == OperatorLink.Kind.RECOVER
    lost = Desk()
    assert lost.enter(secret).status_code == 403
    assert OperatorPasskey.objects.filter(operator=admin.operator).count() == 2
    assert confirm(second, link) == 302
    assert lost.enter(secret).status_code == 302
    assert OperatorPasskey.objects.filter(operator=admin.operator).count() == 0
    assert admin.get("/")["Location"].startswith("/sign-in/")
    assert Desk(first=admin.first).sign_in().status_code == 403


def test_nobody_confirms_their_own(admin: Desk) -> None:
    _secret, link = issue_link(name="Demo Admin")
    assert confirm(admin, link) == 409
    with pytest.raises(IntegrityError, match="by_another"), transaction.atomic():
        OperatorLink.objects.filter(pk=link.pk).update(
            confirmed_by=link.operator, confirmed_at=Now()
        )


def test_the_database_lets_nobody_begin_anew_alone(admin: Desk) -> None:
    _secret, link = issue_link(name="Demo Admin")
    with pytest.raises(IntegrityError, match="with_a_colleague"), transaction.atomic():
        OperatorLink.objects.filter(pk=link.pk).update(used_at=Now())


def test_a_lone_administrator_who_lost_both_does_not_come_back_by_a_link(admin: Desk) -> None:
    secret, _link = issue_link(name="Demo Admin")
    assert Desk().enter(secret).status_code == 403
    # Nor does somebody new on their behalf, before the server's command line has ended them.
    secret, _link = issue_link(name="Demo New")
    assert Desk().enter(secret).status_code == 403
    call_command("operator_end", "Demo Admin", stdout=StringIO())
    assert Desk(name="Demo New").enter(secret).status_code == 302


def test_an_expired_link_is_not_confirmed(admin: Desk) -> None:
    _secret, link = issue_link(name="Demo Second")
    OperatorLink.objects.filter(pk=link.pk).update(expires_at=Now())
    assert admin.get(f"/links/{link.pk}/confirm/").status_code == 404


def test_a_newer_link_replaces_an_older_one(nobody: Desk) -> None:
    older, _link = issue_link(name="Demo Admin")
    issue_link(name="Demo Admin")
    assert nobody.enter(older).status_code == 403


def test_the_command_prints_a_link_at_a_terminal_only(
    nobody: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="terminal"):
        run("operator_link", "Demo Admin")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    address = run("operator_link", "Demo Admin").strip()
    assert address.startswith("http://admin.localhost")
    assert nobody.enter(address.rstrip("/").rsplit("/", 1)[1]).status_code == 302


def test_who_was_deactivated_gets_no_link(admin: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    run("operator_end", "Demo Admin")
    assert not OperatorSession.objects.exists()
    with pytest.raises(CommandError, match="deactivated"):
        run("operator_link", "Demo Admin")
    with pytest.raises(CommandError, match="Nobody"):
        run("operator_end", "Demo Admin")


def enrolled(admin: Desk, name: str) -> Desk:
    secret, link = issue_link(name=name)
    assert confirm(admin, link) == 302
    desk = Desk(name=name)
    assert desk.enter(secret).status_code == 302
    for each in (desk.first, desk.second):
        assert desk.make_passkey(each).status_code == 302
    assert Operator.objects.get(name=name).is_active
    return desk.state("Helping Demo Admin with a link")


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()
