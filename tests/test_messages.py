"""Every text is there in both languages."""

from scripts.messages import missing, unused


def test_every_text_in_use_has_a_german_translation() -> None:
    assert missing("de") == []


def test_no_translation_is_left_over() -> None:
    assert unused("de") == []
