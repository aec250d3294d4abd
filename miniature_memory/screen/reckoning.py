"""Ages that must be worked out from two numbers: birth years, years apart, years gone and to come.

A sum is refused when it gives less than eighteen; what can't be summed up ("half his age", "since her
birth") is refused by ``rules/en_reckoned.txt``. Each function reads a text as tokens with marked numbers
(see ``numerals``) and looks only a fixed distance around what it finds, so the work grows with the text
and no faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miniature_memory.screen.later import later, later2
from miniature_memory.screen.numerals import ADULT, OLDEST
from miniature_memory.screen.phrases import SIGNS
from miniature_memory.screen.windows import parted

_WIDE = 1_200  # characters around an age or a year that are read for sums
_SPAN = 60  # ... and around a word for a span of years
REACH = 400  # characters to each side in which a second year or age is looked for
TODAY = 2026  # the rules' own year: who was born less than eighteen years before it may be a minor

Match = Any  # re2 has no types

# Spans of years that are said without a number, so that every pattern below sees one form of them.
_SPANS = [
    (later(pattern), said)
    for pattern, said in (
        (r" half a decade(?= )", " %5 years"),
        (r" (?:a|one|%1) decade and a half(?= )", " %15 years"),
        (r" (?:a|one|%1) decade and (?:a|one|%1) (?:year|summer|winter|spring)(?= )", " %11 years"),
        (
            r" (?:a|one|%1) decade and %([2-7]) (?:more )?(?:years|summers|winters|springs)(?= )",
            r" %1\1 years",
        ),
        (r" (?:a|one|another|%1) (?:full |whole )?decade(?= )", " %10 years"),
        (r" (?:two|%2) decades(?= )", " #20 years"),
        (r" a quarter of a century(?= )", " #25 years"),
        (r" half a century(?= )", " #50 years"),
        (r" a century(?= )", " #100 years"),
        (r" a year and a half(?= )", " %1.5 years"),
        (r" (?:a|one|another) (?:full |whole )?(?:year|twelvemonth)(?= )", " %1 years"),
        (r" (?:a couple of|a pair of) (?=years |birthdays |summers )", " %2 "),
        (r" a few (?=years |birthdays |summers )", " %3 "),
    )
]
# Births are told by what happened that year, too: it is written behind it.
_EVENTS = [
    (later(rf" (?:{what})(?= )"), rf"\g<0> ={year}")
    for year, what in (
        (1900, r"(?:with|at the (?:turn|start|dawn|beginning) of) the (?:new |twentieth |~20 )?century"),
        (1901, r"queen victoria (?:died|was buried)|the old queen died|death of (?:queen )?victoria"),
        (1912, r"(?:the )?titanic (?:sank|went down|disaster)|sinking of the titanic"),
        (1914, r"the great war (?:began|broke out)|outbreak of the great war"),
        (1918, r"armistice(?: day)?|the great war ended|end of the great war"),
        (1945, r"v ?e day|v ?j day|hiroshima|end of the \^2 world war"),
        (1953, r"the queen 's coronation|everest was (?:\^1 )?(?:climbed|conquered)"),
        (1963, r"kennedy was (?:shot|killed)|kennedy (?:assassination|shooting)"),
        (1966, r"england won the world cup"),
        (1969, r"moon landings?|(?:men|man|they) (?:\^1 )?(?:landed|walked|set foot) on the moon|apollo %11"),
        (1986, r"chernobyl|challenger disaster"),
        (1989, r"the (?:berlin )?wall (?:came down|fell|was opened)|fall of the (?:berlin )?wall"),
        (1991, r"soviet union (?:fell|collapsed|ended)|collapse of the soviet union"),
        (2000, r"the (?:new )?millennium(?: eve| night)?"),
    )
]
_SPAN_WORD = later2(r" (?:decades?|year|twelvemonth|century|couple|pair|few) ")

_DATE = r"[=%#](?:[0-9]{1,2}[./:])*=?((?:1[5-9]|20)[0-9][0-9])(?:[./:][0-9]{1,2})*"
_YEAR = later(rf"{_DATE} ")
_STORY = later2(
    r" (?:the )?year (?:now )?(?:is|was|had been|of our lord|:) (?:still |only |then )?=((?:1[5-9]|20)[0-9][0-9]) "
)
_BIRTH = (
    r"born|births?|dob|d \. o \. b|d\.o\.b|birthdate|birthday|b \.|(?:come|came|comes|coming) into (?:the|this) world"
    r"|entered (?:the|this) (?:world|life)|delivered|christened|baptised|baptized|saw (?:the )?light(?: of day)?|(?:son|daughter|twins) (?:was|were) on the way"
    r"|(?:drew|took|uttered) (?:his|her) (?:first|\^1) (?:breath|cry)|brought into the world|(?:a )?babe of"
    r"|(?:arrived|came|come) with the|(?:mother|parents|wife) (?:was|were) (?:expecting|carrying|pregnant with)(?: (?:him|her|them))?"
    r"|no such person|not (?:yet )?(?:exist|existed|been thought of)|pregnant with (?:him|her|them)|(?:his|her|their) (?:papers|passport|certificate)"
    r" (?:said|gave|was dated|read|showed|bore)"
    r"|(?:both|all) (?:made|built|launched|founded|dated|new|begun)"
)
_BORN_AT_ALL = later2(rf" (?:{_BIRTH}) ")
_BORN = (
    later2(rf" (?:{_BIRTH})(?: (?:[^ .!?;=]+|[.])){{0,8}} (?:[0-9]{{1,2}}[.])*{_DATE} "),
    later2(rf" {_DATE} (?:[^ .!?;=]+ ){{0,6}}(?:{_BIRTH}) "),
)
#: "born in '89 ... in '99"
_SHORT_YEARS = later2(
    r" born (?:back )?in (?:the [a-z]+ of )?#([2-9][0-9]) (?:[^ .!?#]+ ){0,14}(?:in|of|was|is) (?:the [a-z]+ of )?#([2-9][0-9]) "
)
_IN_A_YEAR = (  # somebody's age in a year, and what the same person did in another
    later2(r" #([0-9]+) (?:years old )?in (?:the [a-z]+ (?:of )?)?=([0-9]{4}) "),
    later2(r" (?:be|was|turn|turns|turned|at|aged|is) #([0-9]+) (?:years old )?in (?:[a-z]+ )?=([0-9]{4}) "),
    later2(
        r" (?:in|by|come|until) (?:the year )?=([0-9]{4}) (?:, )?(?:[^ .!?;=#%]+ ){0,6}(?:was|turned|at|aged|is|be|turn) #([0-9]+) "
    ),
)
_SOMEBODY = later2(
    r" (?:he|she|i) (?:[^ .!?;=]+ ){0,8}(?:in|by|since|of|from) =([0-9]{4}) "
    r"| (?:in|by|since|from) =([0-9]{4}) (?:, )?(?:he|she|i) "
    r"| (?:it|this|year) (?:is|was|'s) (?:now |still |only |then )?=([0-9]{4}) "
)
_YOUNG = 26  # who was that old in a year is looked for in every other year that is named nearby
_NUMBER = later2("[#=~]")
_STOP = later(r"(?<= )[.!?](?= )")
_AGE = later(r"#([0-9.]+) ")
_AGED = later(r"[#~]([0-9.]+) ")

_UNIT = r"(?:years?|summers|winters|springs|autumns|birthdays|christmases)"
_GAP = rf" [%#]([0-9.]+) (?:more |further |long |full |whole |good |odd |short )?{_UNIT}(?: and [^ ]+ [^ ]+)?"
_DIFFERENCE = later2(
    r" (?:difference|gap) (?:between|in|of) (?:[^ .!?;#%]+ ){0,8}[%#]([0-9.]+) years "
    rf"|{_GAP} (?:separate[sd]?|divide[sd]?|lay between|stood between|lie between|apart) "
)
_YOUNGER = later2(
    _GAP + r" ?(?:, )?(?:younger|(?:his|her|my|their) (?:[a-z]+ 's )?junior|junior|behind (?:him|her) in age)"
    rf"| (?:born|came|arrived) (?:just |only |exactly )?{_GAP[1:]} (?:after|later than) (?:his|her|the|their) "
    r"| (?:younger|junior|(?:trail|follow)(?:s|ed|ing) (?:his |her |their )?(?:[^ .!?;=]+ ){1,6})by [%#]([0-9.]+) years"
    r"| (?:born|into the world|came along|followed|came|arrived|appeared|birth)(?: [a-z]+)?(?: ,)?"
    rf"{_GAP} (?:after|later than|behind|on from|from) (?:[a-z]+ ){{0,3}}[.,;]"
)
_OLDER = later2(
    _GAP
    + r" ?(?:, )?(?:older|elder|(?:his|her|my|their) (?:[a-z]+ 's )?senior|senior|ahead of (?:him|her) in age)"
    r"| (?:older|senior|elder) by [%#]([0-9.]+) years"
)
_IS = (  # what stands before somebody's age
    r"(?:be|is|was|are|were|am|'m|'s|been|turn|turns|turned|turning|become|becomes|became|reach|reaches|reached|at|aged"
    r"|lived|hit|hits|make|see|celebrate|celebrates|celebrated|mark|of|until|till|before|to)"
)
_ITS = r"(?:[^ .!?;#%~]+ ){0,2}"
_AN_AGE = rf"(?:{_IS} {_ITS}#([0-9.]+) |~([0-9]+) (?:birthday|b day|bday|name day) )"
_SOME = r"(?:[^ .!?;#%~]+ ){0,9}"
_LATER = (
    r"(?: 's| ')?(?: time| from now| from then| from that [a-z]+| from today| hence| later| afterwards?| on)"
)
#: a gap of years, and the age that it ends with
_TO_COME = (
    later2(rf"{_GAP}{_LATER} {_SOME}{_AN_AGE}"),
    later2(
        r" (?:in|within|after|another|only|still|be|wait|waited|waiting|give (?:him|her)|needs?|needed|had|has|have)"
        rf" (?:another |just |only |about |some |still |at least |to wait |yet )?(?:another )?{_GAP[1:]}"
        rf"(?: 's| ')?(?: time)? (?:to go |left |yet |more )?{_SOME}{_AN_AGE}"
    ),
    later2(
        rf"{_GAP} (?:short|shy|off|away|from|before|till|until|to|under|below) {_ITS}{_ITS}"
        r"(?:#([0-9.]+) |~([0-9]+) (?:birthday|year))"
    ),
    later2(rf"{_GAP} (?:before|earlier than|prior to) (?:his|her|their) {_SOME}{_AN_AGE}"),
)
#: an age, and the gap of years that leads to it or back from it
_GONE = (
    later2(
        r" (?:will|would|shall|should|'ll|'d|turns?|to|due) (?:[^ .!?;#%~]+ ){0,4}(?:#([0-9.]+) |~([0-9]+) (?:birthday ))"
        r"(?:years old )?(?:, )?(?:only )?(?:in|within|after|about)(?: another| just| only| about| some)?"
        + _GAP
    ),
    later2(
        rf" (?:{_AN_AGE}|#([0-9.]+) (?:now |today |year old |years old |years of age |, ))(?:[^ #%~=]+ ){{0,9}}[%#]([0-9.]+) "
        rf"(?:long |short )?{_UNIT} (?:ago|earlier|before [.,;]|after|back|previously|since|away|off|ahead|distant|to come"
        r"|from now|from then|from today|hence|in the future)"
    ),
)
_THEN = (
    r" (?:day|week|month|year|night|hour|morning|evening|spring|summer|autumn|winter|season) "
    r"(?:that |when |in which |on which |of )?(?:[a-z]+ ){1,2}(?:(?:was|were) (?:born|weaned|christened|baptised)|birth"
    r"|(?:learned|learnt|began) to (?:walk|talk|speak|crawl|read)|(?:\^1|first) (?:spoke|walked|smiled)|(?:took|cut|said) (?:his|her) \^1) "
)
_ON = r"(?:[^ .!?]+ ){0,14}"
_SMALL_GAP = (
    r"%[0-9.?]+ (?:[a-z]+ )?(?:years?|birthdays|summers|winters|springs|autumns|christmases|harvests)"
)
#: a birth and, in its sentence, less than eighteen years that went by
_SINCE_BIRTH = (
    later2(rf"{_THEN}{_ON}(?:{_SMALL_GAP}|\^1?[0-9] anniversary) "),
    later2(rf" {_SMALL_GAP} (?:ago|before|earlier|back|since|hence) (?:[^ .!?]+ ){{0,12}}{_THEN[1:]}"),
    later2(rf" {_SMALL_GAP} (?:ago|before [.,;]|earlier|back) {_ON}(?:was|were|been|is) born "),
    later2(
        rf" [%#][0-9]+ years ago {_ON}born (?:[^ .!?]+ ){{0,6}}{_SMALL_GAP} (?:later|after|afterwards|on) "
    ),
    later2(
        r" together (?:, )?(?:[^ .!?;,#]+ ){0,8}(?:are|were|is|was|made|make|came to|counted|numbered) "
        r"(?:[a-z]+ )?(?:%[0-9.?]+|#[1-4][0-9]|#5[0-3]) (?:[.,;:!?]|years|and) "
    ),
)
_NOW = later2(
    rf"{_GAP} (?:ago|earlier|before|back|previously|into the past) (?:[^ #%~=]+ ){{0,12}}"
    r"(?:is|am|'m|'s|now|today|she is|he is|are|turns|turned|[a-z]*man of) (?:now |today )?#([0-9.]+) "
    rf"|{_GAP} (?:on|later|afterwards|have passed|have gone by|had passed|had gone by|have gone|have slipped by|lie between)"
    r" (?:[^ #%~=.]+ ){0,12}(?:am|'m|now|today|at|aged|[a-z]+man of|lady of) (?:now |today |the age of )?#([0-9.]+) "
)
_SO_LONG = later2(
    rf" for (?:over |nearly |almost )?{_GAP[1:]} (?:, |and )?(?:[^ .!?;#%~=]+ ){{0,4}}{_AN_AGE}"
)
_SPENT = later2(
    rf" (?:{_AN_AGE}|[.,;] #([0-9.]+) (?:now |today |years old |, ))(?:[^ .!?;#%~=]+ ){{0,9}}"
    rf"(?:for|spent|passed|served|done|put in|had had) (?:over |nearly |almost |about )?[%#]([0-9.]+) (?:long |full |whole )?{_UNIT}"
)
EARLY = 13  # what began at thirteen or later is said of grown-ups, too ("34, has fished for twenty years")
_LIFE = later2(r" =((?:1[5-9]|20)[0-9][0-9]) (?:-|to|/|until) (?:[a-z]+ )?=((?:1[5-9]|20)[0-9][0-9]) ")
_MOURNED = later2(
    r" (?:son|daughter|beloved|memory|memorial|grave|graves|gravestone|headstone|tombstone|stone|slab|lies|buried|rest|rests"
    r"|sleeps|brother|sister|died|tomb|churchyard|cemetery|taken|lost|plaque|bench|brass|remembered|remembrance|fever) "
)
_PARENT = (  # how old somebody was when a child came
    later2(r" #([0-9]+) (?:years old )?(?:[^ .!?;#%]+ ){0,3}when (?:[^ .!?;#%]+ ){1,3}(?:was|were) born "),
    later2(r" born (?:[^ .!?;#%]+ ){0,3}(?:when|as) (?:[^ .!?;#%]+ ){1,6}#([0-9]+) "),
    later2(r" at (?:his|her|their|my|[a-z]+ 's) birth (?:[^ .!?;#%]+ ){0,6}#([0-9]+) "),
    later2(
        r" #([0-9]+) (?:years old )?when (?:the twins|her \^?[a-z0-9]+|they|he|she|[a-z]+) "
        r"(?:came along|arrived|appeared|turned up|came into the world|entered the world|made (?:his|her) (?:entrance|appearance)) "
    ),
    later2(r" #([0-9]+) (?:years old )?when the (?:twins|triplets|new arrival) (?:came|arrived) "),
    later2(
        r" (?:had|bore|borne|birthed|gave birth to|delivered|conceived) (?:him|her|them|me|a son|a daughter|the twins|twins|[a-z]+)"
        r" (?:at|when she was|at the age of|aged) #([0-9]+) "
    ),
    later2(
        r" (?:became|become|was|made|a) (?:a |his |her )?(?:mother|father|parent|grandmother|grandfather|aunt|uncle|widow with [a-z]+)"
        r" (?:again )?(?:at|aged|when (?:he|she) was) #([0-9]+) "
    ),
    later2(
        r" #([0-9]+) (?:years old )?(?:at|on the day of|at the time of|upon|before) (?:his|her|their) (?:birth|arrival) "
    ),
    later2(r" #([0-9]+) (?:years old )?(?:, )?(?:he|she|they|[a-z]+) (?:was|were) born "),
    later2(
        r" (?:mother|father|parents|mum|dad) (?:[^ .!?;%]+ ){0,6}#([0-9]+) when (?:he|she|they|[a-z]+) (?:arrived|came) "
    ),
    later2(r" #([0-9]+) (?:years old )?when (?:he|she) (?:had|bore|became (?:a )?(?:mother|father)) "),
)


def _around(text: str, start: int, end: int, sentences: int) -> str:
    """What stands around a match: its sentence, and so many to each side, within ``REACH``."""
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    earlier = _STOP.split(before)[-1 - sentences :]
    later = _STOP.split(after)[: sentences + 1]
    return " ".join([*earlier, text[start:end], *later])


def _numbers(match: Match) -> list[float]:
    return [float(group) for group in match.groups() if group]


def _minor(age: float) -> bool:
    return 0 < age < ADULT


def birth_years(text: str) -> bool:
    """Born in one year, and seen in another less than eighteen years on (or less than that ago)."""
    born = [(int(m[1]), m.start(), m.end()) for pattern in _BORN for m in pattern.finditer(text)]
    if any(_minor(int(m[2]) - int(m[1])) for m in _SHORT_YEARS.finditer(text)):
        return True
    story = {int(m[1]) for m in _STORY.finditer(text)}
    for year, start, end in born:
        seen = story | {int(m[1]) for m in _YEAR.finditer(_around(text, start, end, 1))}
        if year > TODAY - ADULT or any(_minor(other - year) for other in seen):
            return True
    return False


def age_in_a_year(text: str) -> bool:
    """So old in one year, and seen in another that came before the eighteenth birthday."""
    for pattern in _IN_A_YEAR:
        for match in pattern.finditer(text):
            age, year = sorted(map(int, match.groups()))
            near = _around(text, match.start(), match.end(), 1)
            told = _YEAR if year > TODAY or age < _YOUNG else _SOMEBODY
            seen = [int(number) for m in told.finditer(near) for number in m.groups() if number]
            seen += [TODAY] if year > TODAY else []
            if any(_minor(other - (year - age)) for other in seen):
                return True
    return False


def years_apart(text: str) -> bool:
    """So many years younger or older than somebody whose age is said nearby."""
    for pattern, sentences in ((_YOUNGER, 1), (_OLDER, 0), (_DIFFERENCE, 0)):
        for match in pattern.finditer(text):
            gap = _numbers(match)[0]
            near = map(float, _AGE.findall(_around(text, match.start(), match.end(), sentences)))
            if any(ADULT <= age <= OLDEST and _minor(age - gap) for age in near):
                return True
    return False


def years_to_come(text: str) -> bool:
    """An age that is so many years away, or that was left so many years ago."""
    for patterns, gap_first in ((_TO_COME, True), (_GONE, False), ((_NOW,), True)):
        for pattern in patterns:
            for match in pattern.finditer(text):
                first, second = _numbers(match)[:2]
                gap, age = (first, second) if gap_first else (second, first)
                if _minor(age - gap):
                    return True
    return False


def child_of(text: str) -> bool:
    """How old somebody was when a child came, and an age of the same person less than eighteen years on."""
    for pattern in _PARENT:
        for match in pattern.finditer(text):
            then = float(match[1])
            near = map(float, _AGED.findall(_around(text, match.start(), match.end(), 1)))
            if any(_minor(age - then) for age in near):
                return True
    return False


def years_spent(text: str) -> bool:
    """An age, and so many years spent on something that it must have begun early in life."""
    spent = [(match[1] or match[2] or match[3], match[4]) for match in _SPENT.finditer(text)]
    spent += [(match[2] or match[3], match[1]) for match in _SO_LONG.finditer(text)]
    return any(0 < float(age) - float(years) < EARLY for age, years in spent)


def since_birth(text: str) -> bool:
    """Years since a birth that something else is told by, and two ages in one sum."""
    return any(pattern.search(text) for pattern in _SINCE_BIRTH)


def lifespan(text: str) -> bool:
    """Two years of a life on a stone or a card, less than eighteen apart."""
    return any(
        _minor(int(match[2]) - int(match[1]))
        and _MOURNED.search(_around(text, match.start(), match.end(), 1))
        for match in _LIFE.finditer(text)
    )


#: a family, its sum, and whether it reads all of a text, or only what stands near an age or a year
_SUMS: tuple[tuple[str, Callable[[str], bool], bool], ...] = (
    ("birth-year", birth_years, True),
    ("birth-year", age_in_a_year, False),
    ("arithmetic", years_apart, False),
    ("arithmetic", years_to_come, False),
    ("arithmetic", child_of, False),
    ("arithmetic", years_spent, False),
    ("arithmetic", since_birth, True),
    ("birth-year", lifespan, False),
)


def reckoned(text: str) -> Iterator[str]:
    """The rules that fire."""
    text = "".join(_spans_said(piece) if near else piece for piece, near in parted(text, _SPAN_WORD, _SPAN))
    if _BORN_AT_ALL.search(text):
        for pattern, said in _EVENTS:
            text = pattern.sub(said, text)
    if not any(sign in text for sign in SIGNS):
        return
    numbered = " . . . ".join(piece for piece, near in parted(text, _NUMBER, _WIDE) if near)
    yield from dict.fromkeys(family for family, fires, all_of in _SUMS if fires(text if all_of else numbered))


def _spans_said(text: str) -> str:
    for pattern, said in _SPANS:
        text = pattern.sub(said, text)
    return text
