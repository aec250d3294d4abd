"""What stands around a story in its own column: notes, share lines, watermarks, "next chapter".

Rules are plain: a few lines may go anywhere (watermarks, share lines); all others only at the edges, where a
note or a link list stands. A rule never looks at more than the block, its place, and the page's own facts.
"""

from __future__ import annotations

import re
from collections import Counter

from miniature_memory.scraper.extract.blocks import Block, is_break
from miniature_memory.scraper.extract.phrases import (
    ADDRESS,
    BRACKETED_NOTE,
    BY,
    EDGE_LINE,
    HOST,
    MARKED_SENTENCE,
    NAVIGATION,
    NOTE,
    PITCH,
    PLAIN_LINE,
    QUOTE,
    STRONG_CUES,
    THANKS,
    WATERMARK,
    WEAK_CUES,
    WORDS,
)

HEAD_BLOCKS, TAIL_BLOCKS = 12, 16  # how far an edge reaches
NOTE_SHARE = 0.3  # of the text: a longer "note" is the story


def trim(blocks: list[Block], title: str = "", author: str = "") -> list[Block]:
    """The story itself, in order; lines at the top that repeat the page's ``title`` or ``author`` go."""
    kept = [b for b in map(_cleaned, blocks) if b.kind in ("break", "image") or (b.text and not _anywhere(b))]
    kept = _without_refrains(_images_as_breaks(kept))
    total = sum(len(b.text) for b in kept)
    kept = _tail(kept, total)
    return _head(kept, total, title, author)


def _cleaned(block: Block) -> Block:
    """The block without a bracketed note or a watermark sentence at its end."""
    if block.kind != "text":
        return block
    text = BRACKETED_NOTE.sub("", block.text)
    if "." in text and len(text) > 20:
        text = MARKED_SENTENCE.sub("", text)
    if text == block.text:
        return block
    return Block(text.strip(), block.kind, block.node, min(block.links, len(text)))


def _anywhere(block: Block) -> bool:
    text = block.text
    if block.links >= 0.9 * len(text) and (len(text) < 120 and block.kind == "text"):
        return True
    if block.links and len(text) < 240 and text[0] not in "\"“'‘" and PITCH.search(text):
        return True
    if len(text) > 320 or text[0] in "\"“'‘":
        return False
    return bool(PLAIN_LINE.match(text) or WATERMARK.match(text))


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
        if not (
            seen[b.text] > 2
            and re.search(rf"{HOST}|\b(?:site|website|app|chapter|subscribe|ad)\b", b.text, re.I)
        )
    ]


def _is_edge_line(block: Block) -> bool:
    text = block.text
    if block.kind == "break":
        return False
    if 2 * block.links > len(text):
        return True
    return len(text) <= 240 and bool(NAVIGATION.match(text) or EDGE_LINE.match(text))


def _is_note(block: Block) -> bool:
    return block.kind in ("text", "heading") and bool(NOTE.match(block.text))


def _is_chat(block: Block) -> bool:
    """Talk from author to reader: outside quotes it names chapters, comments, updates, and addresses them."""
    text = block.text
    if block.kind == "break" or QUOTE.search(text):
        return False
    if THANKS.match(text):
        return True
    if len(text) > 900 or not ADDRESS.search(text):
        return False
    strong = sum(bool(cue.search(text)) for cue in STRONG_CUES)
    weak = sum(bool(cue.search(text)) for cue in WEAK_CUES)
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
        label = _is_note(block) and (block.kind == "heading" or not QUOTE.match(block.text))
        if label or (_is_chat(block) and rest < 0.15 * total):
            return _tail(blocks[:at], total)
    return blocks


def _head(blocks: list[Block], total: int, title: str, author: str) -> list[Block]:
    title_words = set(WORDS.findall(title.lower()))
    start = 0
    for at in range(min(4, len(blocks))):  # a standfirst stands above the byline
        above = sum(len(b.text) for b in blocks[:at])
        if blocks[at].kind != "break" and BY.match(blocks[at].text) and above < min(400, 0.1 * total):
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
            if (
                opening
                and small
                and any(map(_is_chat, opening))
                and sum(map(_is_chat, opening)) * 2 >= len(opening)
            ):
                start = at + 1
            break
    return blocks[start:]


def _after_note(blocks: list[Block], start: int, total: int) -> int:
    """Where the story goes on after a note that begins at ``start``.

    A label with its text beside it takes only talk along; a label alone takes the next block, and further
    ones when a break or a heading soon ends them.
    """
    alone = len(WORDS.findall(blocks[start].text)) <= 5 and len(blocks[start].text) < 50
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
            if not between or (alone and small and not any(QUOTE.search(b.text) for b in between)):
                return at
    return after


def _ends_note(block: Block) -> bool:
    return bool(
        re.match(
            r"^\W*(?:end(?: of)?(?: the)? (?:author'?s? )?note|(?:now,? )?on(?:ward)? (?:to"
            r"|with) the (?:story|chapter))",
            block.text,
            re.I,
        )
    )


def _repeats(block: Block, title_words: set[str], author: str, position: int) -> bool:
    """A heading or a short line at the top that only says the title, the chapter or the author again."""
    if len(block.text) > 160 or position > 5 or is_break(block.text):
        return False
    words = set(WORDS.findall(block.text.lower()))
    names = set(WORDS.findall(author.lower())) | {
        "by",
        "chapter",
        "part",
        "written",
        "a",
        "the",
        "story",
        "of",
    }
    if not words or (block.kind != "heading" and block.text.rstrip()[-1:] in '.!?…"”'):
        return False
    numbers = {w for w in words if w.isdigit() or re.fullmatch(r"[ivxlc]+", w)}
    return words <= title_words | names | numbers
