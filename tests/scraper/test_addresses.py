"""One page has one spelling of its address."""

from __future__ import annotations

import pytest

from miniature_memory.scraper.addresses import canonical, host_of, readable


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("HTTP://Example.com:80/a?utm_source=x&b=2&a=1&fbclid=3#part", "http://example.com/a?a=1&b=2"),
        ("https://example.org:443", "https://example.org/"),
        ("https://user:secret@example.org/x", "https://example.org/x"),
        ("https://example.org:8443/x", "https://example.org:8443/x"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        (" https://example.org/\n x ", "https://example.org/x"),
    ],
)
def test_spellings_fold_into_one(given: str, expected: str) -> None:
    assert canonical(given) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "given", ["javascript:alert(1)", "ftp://example.org/x", "mailto:a@b.example", "", "https://", "/path"]
)
def test_what_is_no_page_of_the_web_is_none(given: str) -> None:
    assert canonical(given) is None


def test_a_relative_address_is_taken_from_its_base() -> None:
    assert canonical("../two?x=1#y", base="https://example.org/a/one") == "https://example.org/two?x=1"


def test_host_keeps_an_unusual_port() -> None:
    assert host_of("https://example.org:8443/x") == "example.org:8443"


def test_the_screen_reads_an_address_as_words() -> None:
    assert (
        readable("https://example.org/the-old_boat/caf%C3%A9?q=a+b") == "example org the old boat café q a b"
    )
