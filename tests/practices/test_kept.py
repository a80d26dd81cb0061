"""Pieces of pages that are kept: the same for everybody whom they are shown to."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, reverse
from django.utils.translation import override

from practices.models import User

COUNTED = "{% load kept %}{% kept owner=owner %}{% if owner %}O{% endif %}{{ secret }}{% endkept %}"


def test_nothing_but_what_is_given_gets_in() -> None:
    page = Template(COUNTED)
    assert page.render(Context({"owner": True, "secret": "Testperson Ä"})) == "O"
    assert page.render(Context({"owner": False, "secret": "Testperson Ä"})) == ""


def test_a_value_that_is_missing_is_no() -> None:
    assert Template(COUNTED).render(Context()) == ""


@pytest.mark.parametrize("value", ["Testperson Ä", 3, ["x"]])
def test_only_yes_or_no_may_be_given(value: object) -> None:
    with pytest.raises(TypeError, match="owner"):
        Template(COUNTED).render(Context({"owner": value}))


def test_it_is_rendered_once_for_each_language_and_page() -> None:
    words = "{% translate 'Requests' %} {{ view }} {{ area }}"
    page = Template(f"{{% load kept i18n %}}{{% kept %}}{words}{{% endkept %}}")

    def shown(language: str, view: str) -> str:
        request = RequestFactory().get("/")
        request.resolver_match = ResolverMatch(print, (), {}, view, ["reports"], ["reports"])
        context = Context()
        context.request = request  # type: ignore[attr-defined]
        with override(language):
            return page.render(context)

    asked = [("en", "a"), ("de", "a"), ("en", "b"), ("en", "a")]
    assert [shown(*each) for each in asked] == [
        "Requests reports:a reports",
        "Anfragen reports:a reports",
        "Requests reports:b reports",
        "Requests reports:a reports",
    ]
    (node,) = page.nodelist.get_nodes_by_type(type(page.nodelist[1]))
    assert len(node._made) == 3  # type: ignore[attr-defined]


def test_it_takes_names_only() -> None:
    with pytest.raises(TemplateSyntaxError, match="name=value"):
        Template("{% load kept %}{% kept owner %}{% endkept %}")


@pytest.mark.parametrize(("first", "then"), [("owner", "staff"), ("staff", "owner")])
def test_the_way_around_is_each_role_s_own_whoever_came_before(
    client: Client, staff_user: User, first: str, then: str
) -> None:
    client.force_login(staff_user)
    team = f'href="{reverse("practices:team")}"'
    for role in (first, then):
        User.objects.filter(pk=staff_user.pk).update(role=role)
        page = client.get(reverse("reports:scan_list")).content.decode()
        assert (team in page) == (role == "owner")
