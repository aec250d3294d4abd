"""English verbs for the story web: one base form in the grammar, told in any person and tense."""

from __future__ import annotations

from typing import Literal

Tense = Literal["past", "present"]
Person = Literal["I", "it", "they"]

_PAST = dict(
    pair.split(":")
    for pair in (
        "be:was have:had do:did go:went come:came see:saw say:said take:took give:gave get:got make:made know:knew "
        "think:thought find:found tell:told leave:left feel:felt keep:kept hold:held bring:brought begin:began "
        "stand:stood hear:heard let:let mean:meant set:set meet:met run:ran pay:paid sit:sat speak:spoke lie:lay "
        "lead:led read:read grow:grew lose:lost fall:fell send:sent build:built understand:understood draw:drew "
        "break:broke spend:spent cut:cut rise:rose drive:drove buy:bought wear:wore choose:chose eat:ate "
        "drink:drank sleep:slept wake:woke write:wrote ride:rode fly:flew throw:threw catch:caught teach:taught "
        "sell:sold fight:fought hang:hung shake:shook hide:hid light:lit bend:bent lend:lent put:put shut:shut "
        "hit:hit cost:cost sweep:swept creep:crept weep:wept bind:bound wind:wound grind:ground sing:sang "
        "ring:rang sink:sank swim:swam spring:sprang shrink:shrank stick:stuck strike:struck dig:dug swing:swung "
        "sting:stung slide:slid bite:bit tear:tore swear:swore bear:bore steal:stole freeze:froze forget:forgot "
        "forgive:forgave shine:shone win:won feed:fed lay:laid deal:dealt spread:spread split:split "
        "lean:leaned learn:learned burn:burned spill:spilled smell:smelled weave:wove spin:spun "
        "blow:blew show:showed hum:hummed quarrel:quarrelled travel:travelled shovel:shovelled level:levelled "
        "can:could will:would must:must may:might beat:beat cling:clung kneel:knelt quit:quit "
        "seek:sought become:became overhear:overheard withdraw:withdrew undo:undid admit:admitted "
        "refer:referred regret:regretted prefer:preferred permit:permitted unpin:unpinned unwrap:unwrapped "
        "shed:shed stride:strode foresee:foresaw unwind:unwound rebuild:rebuilt sew:sewed should:should burst:burst bury:buried"
    ).split()
)
_VOWELS = "aeiou"
_MODALS = {"can", "will", "must", "may", "should"}


def past(base: str) -> str:
    """The past form of a base form: ``past("carry") == "carried"``."""
    if base in _PAST:
        return _PAST[base]
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ied"
    one_vowel = sum(letter in _VOWELS for letter in base) == 1
    if one_vowel and len(base) > 2 and base[-1] not in _VOWELS + "wxy" and base[-2] in _VOWELS:
        return base + base[-1] + "ed"
    return base + "ed"


def present(base: str, person: Person) -> str:
    """The present form of a base form for a person: ``present("be", "I") == "am"``."""
    if base == "be":
        return {"I": "am", "it": "is", "they": "are"}[person]
    if person != "it" or base in _MODALS:
        return base
    if base == "have":
        return "has"
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return base + "es"
    if base.endswith("y") and base[-2] not in _VOWELS:
        return base[:-1] + "ies"
    return base + "s"


def conjugate(base: str, person: Person, tense: Tense) -> str:
    """One verb as the narrator says it."""
    if tense == "present":
        return present(base, person)
    if base == "be" and person == "they":
        return "were"
    return past(base)
