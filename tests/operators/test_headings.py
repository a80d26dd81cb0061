"""Every column of the admin has a heading of its own, that can be translated."""

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import override

from operators.admin.headings import HEADINGS
from operators.site import site
from practices.models import Practice, User
from tests.operators.conftest import Desk


def shown_fields() -> set[str]:
    """The fields that any list, row or filter shows."""
    return {
        str(name)
        for model, admin in site._registry.items()
        for name in (*admin.list_display, *(admin.fields or ()), *admin.list_filter)
        if isinstance(name, str) and _is_field(model, name)
    }


def _is_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def test_each_field_that_is_shown_has_a_heading_and_no_heading_is_left_over() -> None:
    assert shown_fields() == HEADINGS.keys()


@pytest.mark.usefixtures("committed")
def test_lists_filters_and_rows_are_headed_and_lists_are_sorted_by_them(
    admin: Desk, practice: Practice
) -> None:
    for email, active in (("a@example.org", True), ("b@example.org", False)):
        User.objects.create(email=email, practice=practice, role="owner", is_active=active)
    page = admin.get("/practices/user/").content.decode()
    with override("de"):  # the admin answers in the browser's language, or else in German
        headings = [capfirst(str(HEADINGS[name])) for name in ("email", "is_active")]
    for expected in (*headings, "column-email", "column-is_active", "icon-no"):
        assert expected in page
    assert page.index("a@example.org") < page.index("b@example.org")
    page = admin.get("/practices/user/?o=-1").content.decode()
    assert page.index("b@example.org") < page.index("a@example.org")
    page = admin.get("/practices/user/?is_active__exact=0").content.decode()
    assert "a@example.org" not in page
