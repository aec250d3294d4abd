"""What stands around a story in its own column: notes, share lines, watermarks, "next chapter".

Rules are plain: a few lines may go anywhere (watermarks, share lines); all others only at the edges, where a
note or a link list stands. A rule never looks at more than the block, its place, and the page's own facts.
"""

from __future__ import annotations

import re
from collections import Counter

from miniature_memory.scraper.extract.blocks import Block, is_break

HEAD_BLOCKS, TAIL_BLOCKS = 12, 16  # how far an edge reaches
NOTE_SHARE = 0.3  # of the text: a longer "note" is the story

_HOST = r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,}|\d+)(?::\d+)?(?:/\S*)?"
_WORK = (
    r"(?:story|chapter|tale|text|novel|book|content|work|material|narrative|fiction|translation|version|piece|serial"
    r"|excerpt|instal+ment|episode)"
)
_PUT = r"published|posted|hosted|translated|updated|released|uploaded|serialized|serialised|provided|brought to you"
_FIRST = r"originally|first|only|exclusively|previously|officially|always"
_WATERMARK = re.compile(
    rf"^\W*(?:"
    rf"(?:you are |you're |continue |keep )?read(?:ing)? (?:more|on|the (?:rest|full|latest|original|next)|this|it|all|free|now)\b"
    rf"[^.!?]*\b(?:at|on|from|here|only|by|stories)\b"
    rf"|this {_WORK} (?:(?:was|is|has been|have been|also|{_FIRST})\s+)*(?:{_PUT}|available|free to read)\b[^.!?]*\b(?:on|at|by|only|to)\b"
    rf"|the {_WORK} (?:(?:was|is|has been|have been|also)\s+)*(?:{_FIRST})\s+(?:{_PUT}|available)\b"
    rf"|(?:this|the) {_WORK} [^.!?]*\b(?:{_PUT}|found|available|taken|stolen|copied|read|appeared|from)\b[^.!?]*(?:{_HOST}|without (?:\w+ ){{0,3}}(?:permission|consent))"
    rf"|(?:first|originally) (?:published|posted|appeared|serialized|serialised) (?:on|at|in|by)\b"
    rf"|(?:find|discover|enjoy|get|see|visit|follow|support|check out) [^.!?]*\b(?:more|other|latest|original|author|us)\b"
    rf"[^.!?]*\b(?:at|on|{_HOST})"
    rf"|(?:visit|source|via|from|origin|credit|posted (?:on|at)|updated (?:on|at|by|from)|translated by)\s*:?\s+{_HOST}"
    rf"|if you (?:encounter|come across|see|find|spot|discover|are reading) (?:this|the) {_WORK}"
    rf"|(?:this|the) {_WORK} (?:may|might|has likely|is likely|seems to|appears to) (?:be|been|have been)? ?(?:stolen|taken|pilfered)"
    rf"|(?:the author's|this|the) {_WORK} has been (?:taken|stolen|misappropriated|unlawfully|illicitly|pilfered|purloined)"
    rf"|(?:unauthorized|unauthorised) (?:use|copying|reproduction|duplication|tale usage|content usage)"
    rf"|(?:stolen|pilfered) (?:content|story|novel|tale)"
    rf"|do not (?:copy|repost|distribute)|(?:all content|content|all stories) (?:is |are )?(?:©|copyright|the property)"
    rf"|(?:{_HOST})\W*$)",
    re.I,
)
_MARKED_SENTENCE = re.compile(
    rf"(?:(?<=[.!?…\"”’)])\s+|^)(?:\(|\[)?(?:read|visit|find|follow|support|discover|this {_WORK}|the {_WORK}|first|originally"
    rf"|published|posted|source|for more|more (?:stories|chapters)|continue|you(?:'re| are) reading|enjoy(?:ing)?|get|see)\b"
    rf"[^.!?]*\b(?:at|on|from|to|via|by|source:?)\s+{_HOST}[^.!?]*(?:[.!?)\]]+|$)\s*$",
    re.I,
)
_PLAIN_LINE = re.compile(
    r"^\W*(?:"
    r"(?:(?:click|tap|press) )?(?:to )?share(?: this| with| on| via|:|$)[^.]{0,60}|tweet(?: this)?|pin it|facebook|twitter|reddit"
    r"|whatsapp|telegram|pinterest|tumblr|copy link|e-?mail(?: this)?|print(?: this)?(?: page| story)?"
    r"|like this|like loading.*|loading\.*|advertisements?|sponsored(?: content)?|ads? by \S+|report (?:this|an)? ?(?:ad|chapter|post|error).{0,30}"
    r"|(?:continue|story continues) (?:reading )?(?:below|after).{0,40}|skip to (?:main )?content|scroll (?:down|to).{0,40}"
    r"|(?:log|sign) ?in(?: or .{0,20})?(?: to .{0,40})?|register|bookmark(?: this)?|add to (?:library|favou?rites|list).{0,20}"
    r"|(?:font|text) size.{0,20}|a[+-]|reply(?: quote)?|quote|permalink|edit|report|flag|dark mode|light mode"
    r"|\d+ (?:comments?|likes?|views?|reads|votes?|shares?|reviews?|kudos|replies|claps?|words)(?:\W+\d+ \w+)*|leave a (?:comment|reply).*"
    r")\W*$",
    re.I,
)
_NAVIGATION = re.compile(
    r"^\W*(?:(?:go to |read )?(?:the )?(?:next|previous|prev|last|first|back|older|newer|continue)(?: to)?"
    r"(?:[\s:-]+(?:the )?(?:chapters?|parts?|pages?|posts?|episodes?|story|stories|instal+ments?|contents?|index|top|home|list|reading)\b.{0,80})?"
    r"|(?:table of )?contents|(?:chapter |story )?index|home|up|top|return to .{0,40}|chapter list|all chapters"
    r"|(?:« |← |< )?(?:previous|prev|back)\b.{0,60}\bnext\b.{0,60}|page \d+(?: (?:of|/) \d+)?|\d+ ?/ ?\d+|(?:\d+\W+)+)\W*$",
    re.I,
)
_EDGE_LINE = re.compile(
    r"^\W*(?:"
    r"(?:written |posted |published |story |a story )?by\b[^.!?\"“]{2,60}"
    r"|(?:posted|published|updated|submitted|filed|tagged|uploaded|last (?:edited|updated|modified))(?: on| in| by| at|:|\s*—)?.{0,80}"
    r"|(?:tags?|categor(?:y|ies)|genres?|labels?|rat(?:ed|ing)|warnings?|fandoms?|pairings?|characters?|language|words?|word count|status"
    r"|reading time|read time|length|series|source|licen[cs]e|topics?|filed under|content warnings?|disclaimers?)\s*:.*"
    r"|\d+ ?(?:min(?:ute)?s?)\.? read.{0,30}|estimated reading time.{0,30}"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? .{0,25}\d{4}.{0,20}"
    r"|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}.{0,25}|\d{1,2} \w+ \d{4}.{0,20}|\d{4}-\d\d-\d\d.{0,20}"
    r"|(?:©|\(c\)|copyright\b).{0,160}|all rights reserved.{0,80}"
    r"|(?:please )?(?:vote|rate this|subscribe|sign up|donate|don't forget to (?:vote|like|comment|follow|subscribe|rate|leave)"
    r"|follow (?:us|me|this story|the (?:author|blog))|join (?:us on|(?:our|the|my) (?:discord|newsletter|mailing|community|list|patreon|group))"
    r"|support (?:me|us|the author|this (?:site|story|author))|like and (?:share|subscribe|comment|follow)"
    r"|get (?:the|new|our|all) (?:newsletter|app|stories|chapters|updates|latest))\b.{0,160}"
    r"|(?:we|this (?:site|website|page)) uses? cookies.*|.{0,60}\bcookie (?:policy|settings|notice|consent)\b.*"
    r"|(?:related|similar|more|other|recommended|popular|recent|you (?:may|might) (?:also )?(?:like|enjoy))"
    r"(?: (?:stories|posts|reading|articles|tales|from|by|in|like)\b.{0,60}|\W*$)"
    r"|(?:to be continued|tbc|end of (?:chapter|part|episode)(?: \w+)?)"
    r"|(?:about the author|author bio)\b.*"
    r")\W*$",
    re.I,
)
_BY = re.compile(
    r"^\W*(?:(?:[Ww]ritten |[Pp]osted |[Ss]tory |[Tt]ext )?(?:[Bb]y|BY)\s+(?:(?:[A-Z][\w.'’-]*|de|van|von|of|the|and|&)\s*){1,6}"
    r"(?:\W+.{0,80})?|.{0,60}\b\d+[ -]min(?:ute)?s?\.? read\b.{0,40})$"
)
_PITCH = re.compile(
    r"\b(?:newsletter|sign ?up|subscribe|join (?:us|our|my)|patreon|ko-?fi|donat(?:e|ion)|get the app|download (?:the|our)"
    r"|follow (?:us|me)|mailing list|free (?:copy|book|trial))\b",
    re.I,
)
_NOTE = re.compile(
    r"^\W*(?:a\s?/\s?n\b|an\s*[:\-–—]|(?:an? |the )?(?:author(?:'s|s'|s|’s|s’)?|writer(?:'s|’s|s)?|translator(?:'s|’s|s)?|editor(?:'s|’s|s)?|beta(?:'s|’s)?)"
    r"[\s-]*(?:end[\s-]*)?(?:notes?|comments?|ramblings?|corner|thoughts?|message)\b"
    r"|(?:a )?(?:end |beginning |opening |closing |chapter )?notes?\s*(?::|from (?:the )?(?:author|writer)|(?:for|at|on) (?:the )?(?:chapter|end|beginning))"
    r"|(?:a )?(?:quick |short |little |brief )?(?:note|word|message) from (?:the |your )?(?:author|writer)|notes?\W*$|chapter end notes.*|p\.?\s?s\.? from the author"
    r"|(?:summary|disclaimer|foreword from|dedication|acknowledge?ments?)\s*:)",
    re.I,
)
_THANKS = re.compile(
    r"^\W*(?:(?:as always,? |and |once again,? |again,? |many |a big |huge )*thank(?:s| you)(?: so much| very much| all| everyone| again| a lot)*,? "
    r"(?:for (?:reading|your (?:comments?|reviews?|support|votes?|feedback|patience)|all (?:the|your)|stopping by|the (?:comments|reviews|feedback))"
    r"|to (?:my|all|everyone|our) (?:\w+ )?(?:patrons?|readers?|supporters?|beta|reviewers?|who))"
    r"|(?:i )?hope (?:you|everyone|you all|you guys)(?:'ve|’ve| have)? (?:all )?(?:enjoy|like)"
    r"|(?:please )?(?:let me know|tell me) (?:what you (?:think|thought)|in the comments)"
    r"|if you (?:enjoyed|liked|like|enjoy) (?:this|the|my|what)"
    r"|(?:comments?|reviews?|feedback|constructive criticism)(?: and \w+)? (?:is|are) (?:always |very |most )?(?:welcome|appreciated|love)"
    r"|see you (?:in the |all )?next (?:chapter|week|time|update|part)|next (?:chapter|update|part) (?:will|is|comes|on|soon|should)"
    r"|(?:new )?(?:chapters?|updates?|episodes?|parts?|stories) (?:every|each|go up|will be posted|are posted|come out|on (?:mon|tues|wednes|thurs|fri|satur|sun)day))",
    re.I,
)
_STRONG = (
    r"\bchapters?\b", r"\b(?:reading|readers?)\b", r"\b(?:reviews?|comments?|feedback|votes?|kudos|likes)\b",
    r"\b(?:updat(?:e|es|ed|ing)|post(?:ed|ing|s)?|publish(?:ed|ing)?|uploaded)\b", r"\b(?:this|my|the) (?:story|tale|series|blog|fic|novel)\b",
    r"\b(?:beta|patreon|subscribe|newsletter|ko-?fi|discord)\b", r"\b(?:writing|wrote this|written this|author)\b",
)  # fmt: skip
_WEAK = (r"\bthank", r"\benjoy", r"\bhope you\b", r"\blet me know\b", r"\bsorry\b", r"\bfirst (?:time|attempt|story)\b", r"\bwarning\b")
_STRONG_CUES, _WEAK_CUES = [re.compile(p, re.I) for p in _STRONG], [re.compile(p, re.I) for p in _WEAK]
_ADDRESS = re.compile(r"\b(?:you|your|everyone|guys|folks|readers|i|i'm|i've|my|we)\b", re.I)
_QUOTE = re.compile(r"[\"“”«»]")
_BRACKETED_NOTE = re.compile(r"\s*[(\[{]\s*(?:A\s?/\s?N|author(?:'s|’s)? note)\b[^)\]}]*[)\]}]", re.I)
_WORDS = re.compile(r"\w+")


def trim(blocks: list[Block], title: str = "", author: str = "") -> list[Block]:
    """The story's own blocks, in order. ``title`` and ``author`` are the page's: lines that repeat them go."""
    kept = [b for b in map(_cleaned, blocks) if b.kind in ("break", "image") or (b.text and not _anywhere(b))]
    kept = _without_refrains(_images_as_breaks(kept))
    total = sum(len(b.text) for b in kept)
    kept = _tail(kept, total)
    return _head(kept, total, title, author)


def _cleaned(block: Block) -> Block:
    """The block without a bracketed note or a watermark sentence at its end."""
    if block.kind != "text":
        return block
    text = _BRACKETED_NOTE.sub("", block.text)
    if "." in text and len(text) > 20:
        text = _MARKED_SENTENCE.sub("", text)
    if text == block.text:
        return block
    return Block(text.strip(), block.kind, block.node, min(block.links, len(text)))


def _anywhere(block: Block) -> bool:
    text = block.text
    if block.links >= 0.9 * len(text) and (len(text) < 120 and block.kind == "text"):
        return True
    if block.links and len(text) < 240 and text[0] not in "\"“'‘" and _PITCH.search(text):
        return True
    if len(text) > 320 or text[0] in "\"“'‘":
        return False
    return bool(_PLAIN_LINE.match(text) or _WATERMARK.match(text))


def _images_as_breaks(blocks: list[Block]) -> list[Block]:
    """The same picture again and again between paragraphs is an ornament; all other pictures go."""
    seen = Counter(b.text for b in blocks if b.kind == "image")
    result: list[Block] = []
    for block in blocks:
        if block.kind != "image":
            result.append(block)
        elif seen[block.text] > 1:
            result.append(Block(block.text, "break", block.node))
    return result


def _without_refrains(blocks: list[Block]) -> list[Block]:
    """A line with an address or a site's words that comes again is a watermark, not a refrain."""
    seen = Counter(b.text for b in blocks if b.kind == "text")
    return [
        b
        for b in blocks
        if not (seen[b.text] > 2 and re.search(rf"{_HOST}|\b(?:site|website|app|chapter|subscribe|ad)\b", b.text, re.I))
    ]


def _is_edge_line(block: Block) -> bool:
    text = block.text
    if block.kind == "break":
        return False
    if 2 * block.links > len(text):
        return True
    return len(text) <= 240 and bool(_NAVIGATION.match(text) or _EDGE_LINE.match(text))


def _is_note(block: Block) -> bool:
    return block.kind in ("text", "heading") and bool(_NOTE.match(block.text))


def _is_chat(block: Block) -> bool:
    """Talk from author to reader: it names chapters, comments, updates, and addresses somebody, outside quotes."""
    text = block.text
    if block.kind == "break" or _QUOTE.search(text):
        return False
    if _THANKS.match(text):
        return True
    if len(text) > 900 or not _ADDRESS.search(text):
        return False
    strong = sum(bool(cue.search(text)) for cue in _STRONG_CUES)
    weak = sum(bool(cue.search(text)) for cue in _WEAK_CUES)
    return strong >= 3 or (strong == 2 and weak >= 1) or (strong == 1 and weak >= 2)


def _tail(blocks: list[Block], total: int) -> list[Block]:
    end = len(blocks)
    while end and len(blocks) - end < TAIL_BLOCKS:
        block = blocks[end - 1]
        if not (block.kind == "break" or _is_edge_line(block) or _is_chat(block)):
            break
        end -= 1
    blocks = blocks[:end]
    # a label ("Author's note", "Thanks for reading") takes everything after it along
    rest = 0
    for at in range(len(blocks) - 1, max(len(blocks) - 1 - TAIL_BLOCKS, 0), -1):
        block = blocks[at]
        rest += len(block.text)
        if rest > max(NOTE_SHARE * total, 200) or at == 0:
            break
        label = _is_note(block) and (block.kind == "heading" or not _QUOTE.match(block.text))
        if label or (_is_chat(block) and rest < 0.15 * total):
            return _tail(blocks[:at], total)
    return blocks


def _head(blocks: list[Block], total: int, title: str, author: str) -> list[Block]:
    title_words = set(_WORDS.findall(title.lower()))
    start = 0
    for at in range(min(4, len(blocks))):  # a standfirst stands above the byline
        above = sum(len(b.text) for b in blocks[:at])
        if blocks[at].kind != "break" and _BY.match(blocks[at].text) and above < min(400, 0.1 * total):
            start = at + 1
    while start < min(len(blocks), HEAD_BLOCKS):
        block = blocks[start]
        if _is_note(block):
            start = _after_note(blocks, start, total)
        elif (
            block.kind == "break"
            or _is_edge_line(block)
            or _is_chat(block)
            or _repeats(block, title_words, author, start)
        ):
            start += 1
        else:
            break
    else:
        start = 0 if start >= len(blocks) else start
    # an unlabelled greeting before the first break: "Hello everyone, here is the next part" / * * *
    for at in range(start, min(start + 6, len(blocks))):
        if blocks[at].kind == "break":
            opening = blocks[start:at]
            small = sum(len(b.text) for b in opening) < NOTE_SHARE * total
            if opening and small and any(map(_is_chat, opening)) and sum(map(_is_chat, opening)) * 2 >= len(opening):
                start = at + 1
            break
    return blocks[start:]


def _after_note(blocks: list[Block], start: int, total: int) -> int:
    """Where the story goes on after a note that begins at ``start``.

    A label with its text beside it takes only talk along; a label alone takes the next block, and further
    ones when a break or a heading soon ends them.
    """
    alone = len(_WORDS.findall(blocks[start].text)) <= 5 and len(blocks[start].text) < 50
    after = start + 1
    if alone and after < len(blocks) and blocks[after].kind == "text":
        after += 1
    while after < len(blocks) and _is_chat(blocks[after]):
        after += 1
    for at in range(after, min(after + 5, len(blocks))):
        block = blocks[at]
        if _ends_note(block):
            return at + 1
        if block.kind in ("break", "heading"):
            between = blocks[after:at]
            small = sum(len(b.text) for b in between) < 0.15 * total
            if not between or (alone and small and not any(_QUOTE.search(b.text) for b in between)):
                return at
    return after


def _ends_note(block: Block) -> bool:
    return bool(re.match(r"^\W*(?:end(?: of)?(?: the)? (?:author'?s? )?note|(?:now,? )?on(?:ward)? (?:to|with) the (?:story|chapter))", block.text, re.I))


def _repeats(block: Block, title_words: set[str], author: str, position: int) -> bool:
    """A heading or a short line at the top that only says the title, the chapter or the author again."""
    if len(block.text) > 160 or position > 5 or is_break(block.text):
        return False
    words = set(_WORDS.findall(block.text.lower()))
    names = set(_WORDS.findall(author.lower())) | {"by", "chapter", "part", "written", "a", "the", "story", "of"}
    if not words or (block.kind != "heading" and block.text.rstrip()[-1:] in ".!?…\"”"):
        return False
    numbers = {w for w in words if w.isdigit() or re.fullmatch(r"[ivxlc]+", w)}
    return words <= title_words | names | numbers
