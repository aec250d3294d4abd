"""The screen's parts, one by one: numbers, ages of things, reckoning, disguises, languages, markup."""

from __future__ import annotations

import pytest

from miniature_memory.screen import amounts, gate, languages, markup, reckoning, things
from miniature_memory.screen.ages import mark_english
from miniature_memory.screen.book import book
from miniature_memory.screen.numerals import mark, mark_digits, mark_ordinal
from miniature_memory.screen.views import fold, views


def marked(text: str) -> str:
    row = next(iter(views(text)))
    return mark_english(mark_digits(gate.tokens(row)), book("en").numerals).strip(" .")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("seventeen", "%17"),
        ("eighteen", "#18"),
        ("twenty-one", "#21"),
        ("five and twenty", "#25"),
        ("a hundred", "#100"),
        ("a hundred and two", "#102"),
        ("two hundred and fifteen", "=215"),
        ("three thousand", "=1000"),
        ("three score and ten", "#70"),
        ("two dozen", "#24"),
        ("a dozen", "%12"),
        ("half a dozen", "%6"),
        ("seventeen and a half", "%17.5"),
        ("nineteen ninety", "=1990"),
        ("twenty oh nine", "=2009"),
        ("fivteen", "%?"),
        ("nieteen", "#19"),
        ("fifth", "^5"),
        ("eighteenth", "^18"),
        ("fortieth", "~40"),
        ("15th", "^15"),
        ("20th", "~20"),
        ("1,500", "=1,500"),
        ("3:30", "=3:30"),
        ("1990", "=1990"),
        ("120", "#120"),
        ("121", "=121"),
        ("0", "%0"),
        ("1.5", "%1.5"),
        ("$15", "=15"),
        ("the 20s", "the =20s"),
        ("U15", "under %15"),
        ("b2", "b2"),
        ("15yo", "%15 yo"),
        ("1 5", "%15"),
        ("⑮", "%15"),
        ("15½", "%15.5"),
    ],
)
def test_a_number_becomes_a_mark(said: str, meant: str) -> None:
    assert marked(said) == meant


def test_the_marks_change_at_eighteen_and_a_hundred_and_twenty() -> None:
    assert [mark(n) for n in (0, 17.5, 18, 120, 121, 2_000_000)] == [
        "%0",
        "%17.5",
        "#18",
        "#120",
        "=121",
        "=1e6",
    ]
    assert [mark_ordinal(n) for n in (1, 18, 19)] == ["^1", "^18", "~19"]


@pytest.mark.parametrize(
    ("row", "thing"),
    [
        (" . a %12 year old whisky stood . ", True),
        (" . a %12 year old red tractor ran . ", True),
        (" . a %12 year old car thief ran . ", False),
        (" . a %12 year old tailor ran . ", False),
        (" . a %12 year old red . ", False),
        (" . the old house by the river was %12 years old . ", True),
        (" . the man in the house was %12 years old . ", False),
        (" . the cook by the house was %12 years old . ", False),
        (" . the house was barely %12 years old . ", True),
        (" . she wore a grey coat , %5 years old . ", True),
        (" . in a grey coat , %12 years old , ida rowed . ", False),
        (" . the clock was %12 . ", True),
        (" . the clerk was %12 . ", False),
        (" . whisky aged %12 years . ", True),
        (" . ida , of the stories %12 years old . ", False),
    ],
)
def test_an_age_is_let_go_only_when_it_is_a_things(row: str, thing: bool) -> None:
    assert ("%" not in things.without_things(row)) is thing


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        (" . on friday there had been %13 . ", True),
        (" . there 'll be only %9 , she said . ", True),
        (" . those over there were %9 . ", False),
        (" . the twins there were %9 . ", False),
        (" . there were %9 candles on it . ", False),
        (" . handsome , but %1 . ", True),
        (" . her brother was %1 . ", False),
        (" . #20 boxes this side , perhaps %5 . ", True),
        (" . #20 planks this side , perhaps %5 . ", True),
        (" . #20 planks and his cousin , perhaps %5 . ", False),
        (" . surface , potholes , %5 . ", True),
        (" . mirko , %5 . ", False),
        (" . the gardener by the boxes , %5 , and his dog . ", False),
        (" . they counted heads in the shelter , %9 , and went . ", True),
        (" . she sat in the shelter , %9 , and sang . ", False),
        (" . they had all come , all %7 . ", True),
        (" . the cousins , all %7 , sang . ", False),
        (" . how many came ? %9 . ", True),
        (" . what time is it ? %9 . ", True),
        (" . how old is he ? how many years ? %9 . ", False),
        (" . how many came ? %9 boats . ", False),
        (" . that night at %8 they sang . ", True),
        (" . that night at %13 they sang . ", False),
        (" . one day at %8 they sang . ", False),
        (" . dear clive , it was %9 years . ", True),
        (" . it was %9 years since his birth . ", False),
        (" . #20 cylinders , %9 years old , seized . ", True),
        (" . it was long , %9 years old and blue . ", True),
        (" . his sister , %9 years old , sang . ", False),
        (" . a boat aged %9 . ", False),
    ],
)
def test_a_number_is_taken_out_only_when_it_cant_be_an_age(row: str, amount: bool) -> None:
    assert ("%" not in amounts.without_amounts(row)) is amount


def test_a_text_without_small_numbers_stays_as_it_is() -> None:
    assert amounts.without_amounts(" . #30 sheep  . ") == " . #30 sheep  . "
    assert amounts.without_amounts(" . there were %9 . and %5 . ") == " . there were _ . and %5 . "


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (" . born in =1990 , she rowed in =2007 . ", "birth-year"),
        (" . born in =1990 , she rowed in =2008 . ", None),
        (" . born in =1990 , she rowed in =1990 . ", None),
        (" . the year was =1990 . a . b . c . d . he had been born in =1980 . ", "birth-year"),
        (" . he was born in =2008 . ", None),
        (" . he was born in =2009 . ", "birth-year"),
        (" . in =1970 ida was born . by =1980 she rowed . ", "birth-year"),
        (" . she is #20 . her sister is %3 years younger . ", "arithmetic"),
        (" . she is #20 . her sister is %2 years younger . ", None),
        (" . she is #20 . a . b . her sister is %3 years younger . ", None),
        (" . he is #30 , %13 years older than ida . ", "arithmetic"),
        (" . he is #30 , %12 years older than ida . ", None),
        (" . he is #30 . he is %13 years older than ida . ", None),
        (" . in %4 years she will be #21 . ", "arithmetic"),
        (" . in %3 years she will be #21 . ", None),
        (" . she will be #20 in %3 years . ", "arithmetic"),
        (" . she will be #20 in %2 years . ", None),
        (" . the bridge opened the day she was born , and is %9 years old . ", "arithmetic"),
        (" . the bridge opened the day she was born , and is #40 years old . ", None),
        (" . the mill shut the year he learned to walk , whose ^15 anniversary fell next . ", "arithmetic"),
        (" . %9 years ago , the week he learned to walk , it burned . ", "arithmetic"),
        (" . %14 years ago , in this room , gregor was born . ", "arithmetic"),
        (" . it was founded #20 years ago , and zia was born there %4 years later . ", "arithmetic"),
        (" . together the cousins are #30 , and one is #19 . ", "arithmetic"),
        (" . together the cousins are #60 , and one is #40 . ", None),
        (" . born in the year of the moon landing , he left in =1977 . ", "birth-year"),
        (" . born in the year of the moon landing , he left in =1997 . ", None),
        (" . it was =1912 . hannah was born with the century . ", "birth-year"),
        (" . he and the tractor were both made in =1976 , and it was =1988 . ", "birth-year"),
        (" . he is now #30 and came %13 years ago . ", "arithmetic"),
        (" . he is now #30 and came %12 years ago . ", None),
        (" . %13 years ago he came and is now #30 . ", "arithmetic"),
        (" . %12 years ago he came and is now #30 . ", None),
    ],
)
def test_what_must_be_worked_out(row: str, rule: str | None) -> None:
    assert list(reckoning.reckoned(row)) == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("shown", "plain"),
    [
        ("f.i.f.t.e.e.n", "fifteen"),
        ("a f i v e", "a five"),
        ("a t.e.n y", "a ten y"),
        ("s1xt33n", "sixteen"),
        ("7w3lv3", "twelve"),
        ("fiiifteeen", "fifteen"),
        ("ffiivvee", "five"),
        ("tw*lve", "twelve"),
        ("ele ven", "eleven"),
        ("fifteenyearsold", "fifteen years old"),
        ("1-5", "15"),
        ("xiv", "14"),
        ("21st", "21st"),
        ("u s a", "u s a"),
        ("balloon", "balloon"),
        ("b2b mp3", "b2b mp3"),
        ("half past nine", "half past nine"),
    ],
)
def test_a_disguise_is_undone_only_for_a_known_word(shown: str, plain: str) -> None:
    assert gate.disguises().unmask(shown).split() == plain.split()


def test_mixed_scripts_are_told_and_a_grown_ups_number_is_read() -> None:
    mixed = gate.disguises().mixed_script
    assert mixed("the gаrdener") == ("the gardener", True)
    assert mixed("twеnty") == ("twenty", False)
    assert mixed("twеnty оne") == ("twenty one", False)
    assert mixed("fivе") == ("five", True)
    assert mixed("девочка") == ("девочка", False)
    assert mixed("plain") == ("plain", False)


def test_folding_is_the_same_for_texts_and_rules() -> None:
    assert (
        fold("Ａge Ñiño ＆ ŁÓDŹ straße ﬁve Ⅻ ١٥ “x” — …") == 'age nino & lodz strasse five xii 15 "x" - ...'
    )
    assert fold("a\r\nb\rc") == "a\nb\nc"
    assert fold("e\u0336i\u200bg\u00adht") == "eight"


def test_every_view_of_a_text_is_another_one() -> None:
    assert list(views("The mill.")) == ["the mill."]
    assert len(list(views("The mi-\nller."))) == 2
    assert "the miller." in list(views("The mi-\nller."))
    assert "ida is twelve" in list(views("Ida%20is%20twelve"))
    assert any("twelve" in view for view in views("Ida is \u202eevlewt\u202c."))


@pytest.mark.parametrize(
    ("row", "spoken"),
    [
        (" . the miller ground corn . ", set()),
        (" . ella tiene una casa . ", {"es"}),
        (" . elle avait une maison . ", {"fr"}),
        (" . sie ist nicht zu hause . ", {"de"}),
        (" . monsieur le mayor waited by the rue and drank his tea . ", set()),
        (" . он греб . ", {"ru"}),
        (" . 她 在 家 . ", {"zh", "ja"}),
        (" . marta , %9 lat , wiosluje . ", {"pl"}),
    ],
)
def test_the_languages_of_a_sentence(row: str, spoken: set[str]) -> None:
    found, lost = languages.read(row)
    assert set(found) == spoken and not lost


def test_a_language_without_rules_is_lost() -> None:
    for row in (" . hun er ikke hjemme . ", " . qwor zlim prun dask welk vorn . ", " . ο μαγειρας . "):
        assert languages.read(row)[1]


def test_only_the_sentences_that_speak_a_language_are_given_to_its_rules() -> None:
    found, _ = languages.read(
        " . the barn was red and the mill was old . och huset var inte bra . the barn stood by it . "
    )
    assert "huset" in found["sv"]
    assert found["sv"].count("barn") <= 2


def test_a_page_is_read_three_ways() -> None:
    flowing, seams, aside = markup.readings('<p>one</p><p>two <b>th</b>ree</p><img alt="four" class="five">')
    assert "one\n\n\n\ntwo three" in flowing
    assert "onetwo" in seams
    assert aside == "four"


def test_a_refusal_keeps_what_is_around_a_seam_only() -> None:
    page = f"<p>{'a ' * 500}</p><p>x</p>y<p>{'b ' * 500}</p>"
    assert "xy" in markup.readings(page)[1]
    assert len(markup.readings(page)[1]) <= 2 * 410


def test_a_line_goes_on_and_a_paragraph_ends() -> None:
    assert list(views("He was\nfifty.\n\nThe mill\n \n stood.")) == ["he was fifty.\nthe mill\nstood."]
    assert list(views("🅰🅱 🇦🇿")) == ["ab az"]
