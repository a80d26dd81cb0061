"""The owner's page: a factor first, progress, and a download that goes on where it broke off."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from audit.words import Action, Actor
from dermalia.tenancy import practice_scope
from exports.domain.prepare import prepare_export
from exports.models import Export
from practices.models import Practice, StaffSession, User
from reports.models import Report
from tests.exports.conftest import finished, opened, prepared


@pytest.fixture
def owner(client: Client, staff_user: User) -> Client:
    client.force_login(staff_user)
    return client


@pytest.fixture
def ready(owner: Client, report: Report, practice: Practice, staff_user: User) -> Export:
    """An export that can be taken; the owner has been on its page."""
    export = prepared(practice, staff_user)
    assert owner.get(reverse("exports:export")).status_code == 200
    return export


def file_of(export: Export) -> str:
    return reverse("exports:download", args=[export.pk])


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def forget_factor(user: User) -> None:
    """The factor was shown so long ago that it does not count any more."""
    with practice_scope(user.practice_id):
        StaffSession.objects.update(fresh_at=timezone.now() - timedelta(hours=1))


def test_the_page_asks_for_a_factor_first(owner: Client, staff_user: User) -> None:
    forget_factor(staff_user)
    answer = owner.get(reverse("exports:export"))
    assert answer.status_code == 302
    assert reverse("practices:confirm") in answer.headers["Location"]


def test_who_has_shown_one_for_it_may_come_back_for_a_while(
    ready: Export, owner: Client, staff_user: User
) -> None:
    forget_factor(staff_user)
    assert owner.get(reverse("exports:export")).status_code == 200
    assert owner.get(file_of(ready)).status_code == 200


def test_but_not_for_ever(
    ready: Export, owner: Client, staff_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_factor(staff_user)
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("exports.views.timezone.now", lambda: later)
    answer = owner.get(file_of(ready))
    assert answer.headers["Location"] == reverse("exports:export")


def test_from_the_button_to_the_file(owner: Client, report: Report, practice: Practice) -> None:
    page = reverse("exports:export")
    assert b"<progress" not in owner.get(page).content
    assert owner.post(reverse("exports:start")).headers["Location"] == page
    assert b"<progress" in owner.get(page).content
    with practice_scope(practice.pk):
        export = Export.objects.get()
    assert owner.get(file_of(export)).status_code == 404
    export = finished(export)
    assert file_of(export).encode() in owner.get(page).content
    answer = owner.get(file_of(export))
    assert answer.headers["Content-Length"] == str(export.length)
    assert "no-store" in answer.headers["Cache-Control"]
    assert opened(body(answer)).testzip() is None
    with practice_scope(practice.pk):
        entry = Entry.objects.get(action=Action.EXPORT_TAKEN)
    assert (entry.actor, entry.object_id) == (Actor.STAFF, export.pk)
    assert entry.counts == {"bytes": export.length}


def test_a_download_goes_on_where_it_broke_off(ready: Export, owner: Client) -> None:
    first = owner.get(file_of(ready))
    whole, tag, half = body(first), first.headers["ETag"], ready.length // 2
    rest = owner.get(file_of(ready), headers={"Range": f"bytes={half}-", "If-Range": tag})
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {half}-{ready.length - 1}/{ready.length}"
    assert whole[:half] + body(rest) == whole


def test_of_another_export_nothing_is_gone_on_with(ready: Export, owner: Client) -> None:
    rest = owner.get(file_of(ready), headers={"Range": "bytes=10-", "If-Range": '"another"'})
    assert (rest.status_code, rest.headers["Content-Length"]) == (200, str(ready.length))


def test_a_range_behind_the_end_is_refused(ready: Export, owner: Client) -> None:
    answer = owner.get(file_of(ready), headers={"Range": f"bytes={ready.length}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{ready.length}"


def test_asking_how_long_it_is_takes_nothing(ready: Export, owner: Client) -> None:
    answer = owner.head(file_of(ready))
    assert answer.headers["Content-Length"] == str(ready.length)
    with practice_scope(ready.practice_id):
        assert not Entry.objects.filter(action=Action.EXPORT_TAKEN).exists()


def test_an_export_can_be_dropped(ready: Export, owner: Client) -> None:
    owner.post(reverse("exports:end", args=[ready.pk]))
    assert owner.get(file_of(ready)).status_code == 404
    with practice_scope(ready.practice_id):
        assert Entry.objects.filter(action=Action.EXPORT_ENDED).exists()


def test_an_export_stopped_while_it_is_prepared_stays_so(
    owner: Client, report: Report, practice: Practice
) -> None:
    owner.post(reverse("exports:start"))
    with practice_scope(practice.pk):
        export = Export.objects.get()
    owner.post(reverse("exports:end", args=[export.pk]))
    prepare_export(practice_id=practice.pk, export_id=export.pk)
    with practice_scope(practice.pk):
        assert not Export.objects.exists()


@pytest.mark.parametrize("role", [User.Role.STAFF, User.Role.READER])
def test_only_owners_may(client: Client, practice: Practice, role: User.Role) -> None:
    user = User.objects.create(email="other@example.org", practice=practice, role=role)
    client.force_login(user)
    assert client.get(reverse("exports:export")).status_code == 403
    assert client.post(reverse("exports:start")).status_code == 403


def test_another_practice_s_export_is_not_there(
    ready: Export, client: Client, other_practice: Practice
) -> None:
    stranger = User.objects.create(
        email="stranger@example.org", practice=other_practice, role=User.Role.OWNER
    )
    client.force_login(stranger)
    client.get(reverse("exports:export"))
    assert client.get(file_of(ready)).status_code == 404
    client.post(reverse("exports:end", args=[ready.pk]))
    with practice_scope(ready.practice_id):
        assert Export.objects.filter(pk=ready.pk).exists()
