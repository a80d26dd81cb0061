"""Odd addresses are written to, or refused in a sentence; none leads elsewhere."""

import pytest

from dermalia.mail import AddressRefused, clean_address


@pytest.mark.parametrize(
    ("typed", "written_to"),
    [
        (" patient@example.org ", "patient@example.org"),
        ("Patient+2026@Example.ORG", "Patient+2026@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a.b_c-d=e@mail.example.co.uk", "a.b_c-d=e@mail.example.co.uk"),
        ("info@müller.example", "info@xn--mller-kva.example"),
        ("info@MÜLLER.example", "info@xn--mller-kva.example"),
        # Under the rules of 2003 this would have gone to strasse.example.
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("info@例え.example", "info@xn--r8jz45g.example"),
        ("info@xn--mller-kva.example", "info@xn--mller-kva.example"),
    ],
)
def test_an_address_is_written_to_in_its_form_on_the_wire(typed: str, written_to: str) -> None:
    assert clean_address(typed) == written_to
    assert clean_address(written_to) == written_to


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "patient",
        "@example.org",
        "patient@",
        "patient@localhost",
        "patient@127.0.0.1",
        "patient@[127.0.0.1]",
        "patient@example..org",
        "patient@-example.org",
        ".patient@example.org",
        "pa..tient@example.org",
        '"two words"@example.org',
        "two words@example.org",
        "one@example.org,two@example.org",
        "one@example.org;two@example.org",
        "Name <one@example.org>",
        "one@example.org\nBcc: two@example.org",
        "one@example.org\r\nSubject: x",
        "one\x00@example.org",
        "one@exam ple.org",
        "one@example.org\u2028two",
        "müller@example.org",
        "раtient@example.org",  # begins with two Cyrillic letters
        f"{'a' * 65}@example.org",
        f"a@{'a' * 64}.org",
        f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.org",
    ],
)
def test_what_is_no_single_plain_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        clean_address(typed)
    assert str(refusal.value).endswith(".")
    assert typed == "" or typed not in str(refusal.value)
