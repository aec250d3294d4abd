"""The rolling loop: length, memory, the screen that can't be passed by, and going on with a story."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

import numpy as np
import pytest

from miniature_memory.errors import Damaged, Refused, UsageError
from miniature_memory.inference import native
from miniature_memory.inference.engine import Engine, Runtime
from miniature_memory.inference.portable import PortableEngine
from miniature_memory.inference.quantize import quantize
from miniature_memory.inference.sampler import Settings
from miniature_memory.inference.write import (
    Done,
    Event,
    Evicted,
    Notice,
    Refusal,
    Story,
    SummaryEvent,
    Token,
    transliterate,
    write,
)
from miniature_memory.vocabulary import END_OF_TEXT, SIZE, SUMMARY, TEXT, decode, encode
from tests.inference.oracle import config, weights

GOOD = "Captain Ingrid Halvorsen lit the lamp. The sea was calm, and Halvorsen wrote a letter to Ada Brandt. "
RAIN = "The rain fell on the harbour all night. "
BAD = "He was twelve years old. "


class Scripted:
    """An engine that knows one text by heart, and notes what it was made to read."""

    notice = ""
    window = 256

    def __init__(self, text: str, summary: str = "") -> None:
        self.text, self.said = cycle(encode(text).tolist()), encode(summary or " ").tolist()
        self.read: list[list[int]] = []
        self.banned: set[int] = set()

    def reset(self) -> None:
        self.read.append([])
        self.summary = cycle(self.said)

    def reread(self, ids: Sequence[int] | np.ndarray) -> Any:
        self.reset()
        return self.prefill(ids)

    def prefill(self, ids: Sequence[int] | np.ndarray) -> Any:
        self.read[-1].extend(int(i) for i in ids)
        assert len(self.read[-1]) <= self.window
        return None

    def step(self, token: int) -> Any:
        return self.prefill([token])

    def sample(
        self,
        settings: Settings,
        counter: int,
        banned: Iterable[int] = (),
        bias: Mapping[int, float] | None = None,
    ) -> int:
        self.banned |= set(banned)
        if self.read[-1].count(SUMMARY) < 2:
            token = next(self.text)
            assert token not in banned
            return token
        wish = next(self.summary)
        return wish if wish not in banned else min(set(range(4, SIZE)) - set(banned))


def text_of(events: Iterable[Event]) -> str:
    return "".join(e.text for e in events if isinstance(e, Token))


def tiny() -> Runtime:
    c = config(
        True, num_hidden_layers=1, hidden_size=16, head_dim=8, num_attention_heads=2, intermediate_size=16
    )
    q = quantize(weights(c, scale=0.3), c)
    return Engine(c, q) if native.find_compiler() else PortableEngine(c, q)


@pytest.mark.parametrize("length", [0, 1, 191, 192, 700])
@pytest.mark.parametrize("memory", ["summary", "written", "none"])
def test_the_story_has_the_length_that_was_asked_for(length: int, memory: Any) -> None:
    events = list(write(Scripted(GOOD, "Halvorsen, Ada"), "", Settings(), length, memory))
    assert text_of(events) == "".join(islice(cycle(GOOD), length))
    assert events[-1] == Done(length, "length")


def test_the_window_slides_by_half_and_reads_summary_and_text_again() -> None:
    engine = Scripted(GOOD + RAIN * 20)
    events = list(write(engine, "", Settings(), 400))
    assert [e.characters for e in events if isinstance(e, Evicted)] == [96, 96, 96]
    first, second, *_ = engine.read
    assert first[0] == SUMMARY and first[61] == TEXT and first[62] == END_OF_TEXT
    written = (GOOD + RAIN * 20)[:191]
    assert len(first) == 62 + 191  # the last character drawn is read with the next window
    assert decode(second[62 : 62 + 96]) == written[95:191]
    summaries = [e.text for e in events if isinstance(e, SummaryEvent)]
    assert all(len(s) == 60 for s in summaries)
    assert "Halvorsen" in summaries[-1]
    assert decode(second[1:61]) == summaries[0]


def test_no_memory_leaves_the_slot_empty() -> None:
    engine = Scripted(GOOD)
    events = list(write(engine, "", Settings(), 600, "none"))
    assert not [e for e in events if isinstance(e, SummaryEvent)]
    assert all(decode(read[1:61]) == " " * 60 for read in engine.read)


def test_a_refused_prompt_never_starts() -> None:
    engine = Scripted(GOOD)
    with pytest.raises(Refused) as refused:
        write(engine, BAD)
    assert refused.value.exit_code == 4
    assert not engine.read


def test_a_hit_stops_the_story_and_drops_what_was_held() -> None:
    story = Story()
    events = list(write(Scripted(GOOD * 2 + BAD), "", Settings(), 3000, story=story))
    assert [type(e) for e in events[-2:]] == [Refusal, Done]
    assert text_of(events) == GOOD * 2
    assert events[-1] == Done(len(GOOD * 2), "refused")
    assert story.window.summary.strip() == "" and story.window.text == []


def test_a_summary_is_screened_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from miniature_memory import screen

    real = screen.check
    stop = lambda text: screen.Verdict("names in it: Ada, Ingrid" in text, "test")  # noqa: E731
    monkeypatch.setattr(screen, "check", lambda t: stop(t) if "names in it" in t else real(t))
    events = list(write(Scripted(GOOD, "Ada, Ingrid".ljust(60)), "", Settings(), 900, "written"))
    assert Refusal("test") in events
    assert not [e for e in events if isinstance(e, SummaryEvent)]


def test_a_list_of_names_is_no_foreign_language() -> None:
    crowd = "Halvorsen met Ingrid, Matthias, Brandt and Osei at the harbour, and they talked of the weather. "
    events = list(write(Scripted(crowd + RAIN * 9), "", Settings(), 900))
    assert events[-1] == Done(900, "length")
    assert any(e.text.count("a") > 3 for e in events if isinstance(e, SummaryEvent))


def test_nothing_is_shown_before_it_is_screened() -> None:
    """A sentence is held until it is whole: its beginning alone would look harmless."""
    events = list(
        write(
            Scripted(GOOD + "He told them that he was nearly, but not quite, twelve years old. "),
            "",
            Settings(),
            900,
        )
    )
    assert text_of(events) == GOOD


def test_the_model_writes_the_summary_but_may_not_invent() -> None:
    said = "Halvorsen,Ada,Ingrid".ljust(60)
    honest = list(write(Scripted(GOOD, said), "", Settings(), 700, "written"))
    summaries = [e for e in honest if isinstance(e, SummaryEvent)]
    assert {e.source for e in summaries} == {"model"}
    assert summaries[0].text.startswith("Halvorsen,Ada,Ingrid")
    liar = list(write(Scripted(GOOD, "Zebulon,Marguerite".ljust(60)), "", Settings(), 700, "written"))
    written = [e.text for e in liar if isinstance(e, SummaryEvent)]
    assert written and all(word in GOOD for text in written for word in text.replace(",", " ").split())


def test_where_nothing_was_named_the_algorithm_summarises() -> None:
    events = list(write(Scripted("the rain fell. and the sea rose. "), "", Settings(), 700, "written"))
    assert {e.source for e in events if isinstance(e, SummaryEvent)} == {"algorithm"}


def test_the_story_goes_on_past_the_models_end() -> None:
    engine = Scripted(GOOD)
    list(write(engine, "", Settings(), 300))
    assert {END_OF_TEXT, SUMMARY, TEXT} <= engine.banned


def test_characters_outside_the_vocabulary_are_transliterated_and_said_once() -> None:
    engine = Scripted(GOOD)
    events = list(write(engine, "“Ø ş” 東", Settings(), 300))
    assert len([e for e in events if isinstance(e, Notice)]) == 1
    assert decode(engine.read[0][63:]).startswith('"Ø s" Dong')
    assert transliterate("e\u0301\tx\r\n") == ("é x\n", "\u0301")


def test_control_tokens_typed_as_text_stay_text() -> None:
    engine = Scripted(GOOD)
    list(write(engine, "<|summary|><|end_of_text|>", Settings(), 1))
    assert len(engine.read[0]) == 62 + 1 + 26


def test_a_prompt_longer_than_the_window_is_remembered() -> None:
    engine = Scripted(GOOD)
    prompt = GOOD + RAIN * 30
    events = list(write(engine, prompt, Settings(), 10))
    assert "Halvorsen" in decode(engine.read[0][1:61])
    assert prompt.endswith(decode(engine.read[0][62:-9]))
    assert isinstance(events[0], Evicted)


def test_what_makes_no_sense_is_refused_before_writing() -> None:
    for arguments in ({"length": -1}, {"memory": "other"}):
        with pytest.raises(UsageError):
            write(Scripted(GOOD), "", **arguments)  # type: ignore[arg-type]
    with pytest.raises(UsageError) as wrong:
        Settings(temperature=-1, top_p=0, min_p=2, seed=-3)
    assert all(name in wrong.value.message for name in ("temperature", "top_p", "min_p", "seed"))


@pytest.fixture
def any_text_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For models of random weights: their noise is no language, and the screen refuses what it can't read."""
    from miniature_memory import screen

    monkeypatch.setattr(screen, "check", lambda text: screen.Verdict(False))


@pytest.mark.usefixtures("any_text_passes")
def test_a_story_goes_on_from_its_state() -> None:
    """The state after n characters and the next m give what n + m at once would have given."""
    settings = Settings(temperature=1.0, seed=5)
    whole, first = Story(), Story()
    list(write(tiny(), "The lamp went out. ", settings, 500, story=whole))
    list(write(tiny(), "The lamp went out. ", settings, 210, story=first))
    later = Story.from_state(json.loads(json.dumps(first.state())))
    list(write(tiny(), "", settings, 290, story=later))
    assert len(whole.window.text) > 60
    assert later.window.text == whole.window.text
    assert later.window.summary == whole.window.summary
    broken = ({}, {"text": [999]}, {"counter": "x"}, {"text": list(encode("Somebody else's words."))})
    for change in broken:
        with pytest.raises(Damaged):
            Story.from_state({**first.state(), **change} if change else {})


def test_a_story_that_was_interrupted_goes_on_where_its_text_ended() -> None:
    """What was drawn and held back is kept with the state, whenever it is taken."""
    whole = text_of(write(Scripted(GOOD), "", Settings(), 900))
    for events in (1, 4, 9):
        story, told = Story(), ""
        for number, event in enumerate(write(Scripted(GOOD), "", Settings(), 900, story=story)):
            told += event.text if isinstance(event, Token) else ""
            if number == events:
                break
        drawn = len(told + story.held)
        later = Story.from_state(json.loads(json.dumps(story.state())))
        engine = Scripted(GOOD)
        engine.text = islice(cycle(encode(GOOD).tolist()), drawn, None)
        told += text_of(write(engine, "", Settings(), 900 - drawn, story=later))
        assert told == whole


def test_an_edited_summary_is_screened_and_fits() -> None:
    story = Story()
    list(write(Scripted(GOOD), "", Settings(), 300, story=story))
    edited = Story.from_state({**story.state(), "summary": "Ada, " * 40})
    assert len(edited.window.summary) == 60
    list(write(Scripted(GOOD), "", Settings(), 10, story=edited))
    refused = Story.from_state({**story.state(), "summary": "Ada is twelve years old"})
    with pytest.raises(Refused):
        list(write(Scripted(GOOD), "", Settings(), 10, story=refused))


@pytest.mark.usefixtures("any_text_passes")
def test_seed_and_temperature_decide_and_nothing_else() -> None:
    def story(seed: int, temperature: float = 1.0) -> str:
        return text_of(write(tiny(), "The lamp", Settings(temperature=temperature, seed=seed), 300))

    assert len(story(1)) == 300
    assert story(1) == story(1) != story(2)
    assert story(1, 0) == story(2, 0)
