"""A value's drawing is made once; its numbers are each report's own."""

import re
from dataclasses import replace

import pytest
from django.utils.html import escape
from django.utils.translation import override

from reports.domain.page import MetricValue, ZoneValue
from reports.templatetags.values import MARK, value

VALUE = MetricValue(
    key="pores",
    label="Pores",
    value=41.5,
    value_text="41,5",
    scale_min=0.0,
    scale_max=100.0,
    share=41.5,
    is_estimate=False,
    explanation="How many <pores>.",
    background="More & more.",
    zones=[ZoneValue("nose", "Nose", "12,25", 12.25), ZoneValue("chin", "Chin", "99", 99.0)],
)

ZONE = r'data-show-zone="(\w+)".*?<td>([^<]+)</td>.*?bar-fill" y="3" width="([\d.]+%)"'


def test_each_number_stands_where_it_belongs() -> None:
    with override("de"):
        html = value(VALUE)
    assert '<p class="value-number">41,5<' in html
    assert html.count('width="41.50%"') == html.count('cx="41.50%"') == 1
    rows = re.findall(ZONE, html)
    assert rows == [("nose", "12,25", "12.25%"), ("chin", "99", "99.00%")]
    assert '<text x="100" y="139">12,25</text>' in html
    assert '<text x="100" y="217">99</text>' in html
    assert MARK not in html


def test_nothing_is_left_of_the_report_before() -> None:
    other = replace(VALUE, value_text="7", share=7.0, zones=[ZoneValue("nose", "Nose", "8", 8.0)])
    with override("de"):
        first, second = value(VALUE), value(other)
        assert value(VALUE) == first
    assert not re.findall(r"41[,.]5|12[,.]25|\b99\b", second)


def test_a_scale_is_written_as_the_language_writes_numbers() -> None:
    half = replace(VALUE, scale_max=2.5)
    said = {}
    for language in ("de", "en"):
        with override(language):
            said[language] = value(half)
    assert "<b>2,50</b>" in said["de"]
    assert "<b>2.50</b>" in said["en"]
    assert "niedriger" in said["de"]
    assert "lower" in said["en"]


@pytest.mark.parametrize("hostile", ["<b>1</b>", '"1"', f"{MARK}share{MARK}", "{share} %s"])
def test_what_is_no_number_is_text(hostile: str) -> None:
    with override("en"):
        html = value(replace(VALUE, value_text=hostile))
    assert f'<p class="value-number">{escape(hostile)}<' in html


def test_texts_of_a_metric_are_escaped() -> None:
    with override("en"):
        html = value(VALUE)
    assert "How many &lt;pores&gt;." in html
    assert "More &amp; more." in html


def test_an_estimate_says_so_and_a_value_without_areas_has_no_map() -> None:
    with override("en"):
        plain = value(replace(VALUE, zones=[]))
        estimate = value(replace(VALUE, is_estimate=True))
    assert '<svg class="map"' not in plain
    assert "Estimate" not in plain
    assert '<svg class="map"' in estimate
    assert "Estimate" in estimate
