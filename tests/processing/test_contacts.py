"""Contacts give way to neutral placeholders; sentences that only look like contacts stay."""

from __future__ import annotations

import pytest

from miniature_memory.processing.contacts import scrub


@pytest.mark.parametrize(
    ("contact", "kind"),
    [
        ("ida.marlow@example.com", "email"),
        ("ida_marlow+news@mail.example.co.uk", "email"),
        ("ida [at] example [dot] com", "email"),
        ("ida(at)example.com", "email"),
        ("ida at example dot com", "email"),
        ("mailto:ida@example.org", "email"),
        ("ida @ example.com", "email"),
        ("zoë.larsen@mail.büro.example", "email"),
        ("ida at mail dot example dot org", "email"),
        ("ida-at-example-dot-com", "email"),
        ("ida @ example . com", "email"),
        ("https://example.com/story?id=3", "link"),
        ("http://example.test", "link"),
        ("www.example.com/about", "link"),
        ("example.com/ida", "link"),
        ("ourstories.net", "link"),
        ("@ida_marlow", "handle"),
        ("u/idamarlow", "handle"),
        ("/r/stories", "handle"),
        ("idamarlow#1234", "handle"),
        ("@jo", "handle"),
        ("@ida@mastodon.example", "handle"),
        ("+44 20 7946 0123", "phone"),
        ("01 23 45 67 89", "phone"),
        ("07700900123", "phone"),
        ("98765 43210", "phone"),
        ("+49 (0)30 123456", "phone"),
        ("+1 (212) 555-0123", "phone"),
        ("(212) 555-0123", "phone"),
        ("212-555-0123", "phone"),
        ("212.555.0123", "phone"),
        ("020 7946 0123", "phone"),
        ("0171 5550123", "phone"),
        ("+49 170 5550123", "phone"),
        ("00 44 1632 960123", "phone"),
        ("0211 / 123 456", "phone"),
        ("03-1234-5678", "phone"),
        ("08-123 456 78", "phone"),
        ("(0)20 7946 0123", "phone"),
    ],
)
def test_contacts_go(contact: str, kind: str) -> None:
    assert scrub(f"Write to {contact}, please.") == f"Write to [{kind}], please."


def test_handles_behind_a_network_go() -> None:
    assert scrub("Instagram: ida.marlow") == "Instagram: [handle]"
    assert scrub("My Twitter is idamarlow, on Instagram as ida_m.") == (
        "My Twitter is [handle], on Instagram as [handle]."
    )
    assert scrub("Call me at 555 0123 44") == "Call me at [phone]"


@pytest.mark.parametrize(
    "sentence",
    [
        "He met her at six, at the inn.",
        "From 1914-1918 nobody came.",
        "It cost 1,250,000 crowns in 1923.",
        "The train leaves at 10.45 and arrives at 12.30.",
        "On 12/05/1931 the bridge was opened.",
        "There were 12 - 14 people in the room.",
        "The number on the sheds was 100 200 300.",
        "She wrote p.m. and a.m. as others do.",
        "He said: wait.",
        "They live at dot and comma street.",
        "No. 4711 stood on the label.",
        "He looked at her.She looked back.",
        "He aimed at a dot on the wall.",
        "The discord is over: peace at last.",
        "His signal was two lamps; the threads: red, blue.",
        "Meet me @ noon, #1 on the list.",
        "See (1912) 1914-15 for more.",
        "Room 212 was empty; so was 555.",
        "and/or either/or he did not care",
        "The number 4815162342 was cut into the beam.",
        "There were 8 000 000 000 of them.",
        "They sang Psalm 119 105, and then no. 7 and no. 8.",
        "The score was 3-2 after 90 minutes.",
        "Dr. Osric came at 8 o'clock, e.g. on Mondays.",
    ],
)
def test_sentences_stay(sentence: str) -> None:
    assert scrub(sentence) == sentence


def test_scrubbing_twice_changes_nothing() -> None:
    once = scrub(
        "Mail ida@example.com, see www.example.com, call +44 20 7946 0123 or @ida_marlow; Twitter: ida_m"
    )
    assert scrub(once) == once
