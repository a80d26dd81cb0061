"""What only the language decides is rendered once, and nothing else is."""

import pytest
from django.template import Context, Template, engines
from django.template.backends.django import DjangoTemplates
from django.utils.translation import override

from dermalia.folding import Folded, fold

TEXTS = '{% load i18n %}<b title="{% translate "Scans" %}">{# why #}{% translate "Log" %}</b>'


def folded(text: str) -> Template:
    template = Template(text)
    fold(template.nodelist)
    return template


def test_neighbours_become_one_node_that_says_the_same_in_each_language() -> None:
    template = folded(TEXTS)
    assert [type(node) for node in template.nodelist] == [Folded]
    for language, words in (("de", "Protokoll"), ("en", "Log"), ("de", "Protokoll")):
        with override(language):
            said = template.render(Context())
            assert said == Template(TEXTS).render(Context())
        assert words in said


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}",
        "{% translate name %}",
        '{% translate "Log"|lower %}',
        '{% translate "Log" as said %}{{ said }}',
        '{% translate "Log" context name %}',
        "{% now 'U' %}",
        "{% csrf_token %}",
    ],
)
def test_what_a_request_could_change_is_left_alone(text: str) -> None:
    template = folded("{% load i18n %}" + text)
    assert not template.nodelist.get_nodes_by_type(Folded)


def test_a_folded_node_never_sees_the_context() -> None:
    template = folded('{% load i18n %}{% translate "Log" %} {{ name }}')
    with override("en"):
        assert template.render(Context({"name": "Ä"})) == "Log Ä"
        assert template.render(Context({"name": "Ö"})) == "Log Ö"


def test_branches_loops_and_blocks_are_folded_inside() -> None:
    inner = '{% translate "Log" %}!'
    template = folded(
        "{% load i18n %}{% block a %}{% if yes %}" + inner + "{% else %}" + inner + "{% endif %}"
        "{% for each in both %}" + inner + "{% empty %}" + inner + "{% endfor %}{% endblock %}"
    )
    with override("en"):
        said = template.render(Context({"yes": True, "both": "ab"}))
    assert said == "Log!Log!Log!"
    assert len(template.nodelist.get_nodes_by_type(Folded)) >= 3


def test_the_application_s_own_loader_folds() -> None:
    django = engines["django"]
    assert isinstance(django, DjangoTemplates)
    template = django.engine.get_template("reports/_viewer_tools.html")
    assert template.nodelist.get_nodes_by_type(Folded)
