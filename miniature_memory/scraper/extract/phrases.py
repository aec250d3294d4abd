"""How sites and authors talk around a story, as patterns: watermarks, share lines, navigation, notes, thanks.

`furniture` says where each of them counts. A pattern must not match a sentence that a story could hold: each
has its counterexamples in the tests.
"""

from __future__ import annotations

import re

HOST = r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,}|\d+)(?::\d+)?(?:/\S*)?"
WORK = (
    r"(?:story|chapter|tale|text|novel|book|content|work|material|narrative|fiction|translation|version|piece"
    r"|serial"
    r"|excerpt|instal+ment|episode)"
)
PUT = (
    r"published|posted|hosted|translated|updated|released|uploaded|serialized|serialised|provided"
    r"|brought to you"
)
FIRST = r"originally|first|only|exclusively|previously|officially|always"
WATERMARK = re.compile(
    rf"^\W*(?:"
    rf"(?:you are |you're |continue |keep )?read(?:ing)? (?:more|on|the (?:rest|full|latest|original|next)"
    rf"|this|it|all|free|now)\b"
    rf"[^.!?]*\b(?:at|on|from|here|only|by|stories)\b"
    rf"|this {WORK} (?:(?:was|is|has been|have been|also|{FIRST})\s+)*(?:{PUT}|available"
    rf"|free to read)\b[^.!?]*\b(?:on|at|by|only|to)\b"
    rf"|the {WORK} (?:(?:was|is|has been|have been|also)\s+)*(?:{FIRST})\s+(?:{PUT}|available)\b"
    rf"|(?:this|the) {WORK} [^.!?]*\b(?:{PUT}|found|available|taken|stolen|copied|read|appeared"
    rf"|from)\b[^.!?]*(?:{HOST}|without (?:\w+ ){{0,3}}(?:permission|consent))"
    rf"|(?:first|originally) (?:published|posted|appeared|serialized|serialised) (?:on|at|in|by)\b"
    rf"|(?:find|discover|enjoy|get|see|visit|follow|support|check out) [^.!?]*\b(?:more|other|latest|original"
    rf"|author|us)\b"
    rf"[^.!?]*\b(?:at|on|{HOST})"
    rf"|(?:visit|source|via|from|origin|credit|posted (?:on|at)|updated (?:on|at|by|from)"
    rf"|translated by)\s*:?\s+{HOST}"
    rf"|if you (?:encounter|come across|see|find|spot|discover|are reading) (?:this|the) {WORK}"
    rf"|(?:this|the) {WORK} (?:may|might|has likely|is likely|seems to|appears to) (?:be|been"
    rf"|have been)? ?(?:stolen|taken|pilfered)"
    rf"|(?:the author's|this|the) {WORK} has been (?:taken|stolen|misappropriated|unlawfully|illicitly"
    rf"|pilfered|purloined)"
    rf"|(?:unauthorized|unauthorised) (?:use|copying|reproduction|duplication|tale usage|content usage)"
    rf"|(?:stolen|pilfered) (?:content|story|novel|tale)"
    rf"|do not (?:copy|repost|distribute)|(?:all content|content|all stories) (?:is |are )?(?:©|copyright"
    rf"|the property)"
    rf"|(?:{HOST})\W*$)",
    re.I,
)
MARKED_SENTENCE = re.compile(
    rf"(?:(?<=[.!?…\"”’)])\s+|^)(?:\(|\[)?(?:read|visit|find|follow|support|discover|this {WORK}|the {WORK}"
    rf"|first|originally"
    rf"|published|posted|source|for more|more (?:stories|chapters)|continue|you(?:'re| are) reading"
    rf"|enjoy(?:ing)?|get|see)\b"
    rf"[^.!?]*\b(?:at|on|from|to|via|by|source:?)\s+{HOST}[^.!?]*(?:[.!?)\]]+|$)\s*$",
    re.I,
)
PLAIN_LINE = re.compile(
    r"^\W*(?:"
    r"(?:(?:click|tap|press) )?(?:to )?share(?: this| with| on| via|:|$)[^.]{0,60}|tweet(?: this)?|pin it"
    r"|facebook|twitter|reddit"
    r"|whatsapp|telegram|pinterest|tumblr|copy link|e-?mail(?: this)?|print(?: this)?(?: page| story)?"
    r"|like this|like loading.*|loading\.*|advertisements?|sponsored(?: content)?|ads? by \S+|report (?:this"
    r"|an)? ?(?:ad|chapter|post|error).{0,30}"
    r"|(?:continue|story continues) (?:reading )?(?:below|after).{0,40}|skip to (?:main )?content"
    r"|scroll (?:down|to).{0,40}"
    r"|(?:log|sign) ?in(?: or .{0,20})?(?: to .{0,40})?|register|bookmark(?: this)?|add to (?:library"
    r"|favou?rites|list).{0,20}"
    r"|(?:font|text) size.{0,20}|a[+-]|reply(?: quote)?|quote|permalink|edit|report|flag|dark mode|light mode"
    r"|\d+ (?:comments?|likes?|views?|reads|votes?|shares?|reviews?|kudos|replies|claps?"
    r"|words)(?:\W+\d+ \w+)*|leave a (?:comment|reply).*"
    r")\W*$",
    re.I,
)
NAVIGATION = re.compile(
    r"^\W*(?:(?:go to |read )?(?:the )?(?:next|previous|prev|last|first|back|older|newer|continue)(?: to)?"
    r"(?:[\s:-]+(?:the )?(?:chapters?|parts?|pages?|posts?|episodes?|story|stories|instal+ments?|contents?"
    r"|index|top|home|list|reading)\b.{0,80})?"
    r"|(?:table of )?contents|(?:chapter |story )?index|home|up|top|return to .{0,40}|chapter list"
    r"|all chapters"
    r"|(?:« |← |< )?(?:previous|prev|back)\b.{0,60}\bnext\b.{0,60}|page \d+(?: (?:of|/) \d+)?|\d+ ?/ ?\d+"
    r"|(?:\d+\W+)+)\W*$",
    re.I,
)
EDGE_LINE = re.compile(
    r"^\W*(?:"
    r"(?:written |posted |published |story |a story )?by\b[^.!?\"“]{2,60}"
    r"|(?:posted|published|updated|submitted|filed|tagged|uploaded|last (?:edited|updated|modified))(?: on"
    r"| in| by| at|:|\s*—)?.{0,80}"
    r"|(?:tags?|categor(?:y|ies)|genres?|labels?|rat(?:ed|ing)|warnings?|fandoms?|pairings?|characters?"
    r"|language|words?|word count|status"
    r"|reading time|read time|length|series|source|licen[cs]e|topics?|filed under|content warnings?"
    r"|disclaimers?)\s*:.*"
    r"|\d+ ?(?:min(?:ute)?s?)\.? read.{0,30}|estimated reading time.{0,30}"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? .{0,25}\d{4}.{0,20}"
    r"|(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}.{0,25}|\d{1,2} \w+ \d{4}.{0,20}"
    r"|\d{4}-\d\d-\d\d.{0,20}"
    r"|(?:©|\(c\)|copyright\b).{0,160}|all rights reserved.{0,80}"
    r"|(?:please )?(?:vote|rate this|subscribe|sign up|donate|don't forget to (?:vote|like|comment|follow"
    r"|subscribe|rate|leave)"
    r"|follow (?:us|me|this story|the (?:author|blog))|join (?:us on|(?:our|the|my) (?:discord|newsletter"
    r"|mailing|community|list|patreon|group))"
    r"|support (?:me|us|the author|this (?:site|story|author))|like and (?:share|subscribe|comment|follow)"
    r"|get (?:the|new|our|all) (?:newsletter|app|stories|chapters|updates|latest))\b.{0,160}"
    r"|(?:we|this (?:site|website|page)) uses? cookies.*|.{0,60}\bcookie (?:policy|settings|notice"
    r"|consent)\b.*"
    r"|(?:related|similar|more|other|recommended|popular|recent|you (?:may|might) (?:also )?(?:like|enjoy))"
    r"(?: (?:stories|posts|reading|articles|tales|from|by|in|like)\b.{0,60}|\W*$)"
    r"|(?:to be continued|tbc|end of (?:chapter|part|episode)(?: \w+)?)"
    r"|(?:about the author|author bio)\b.*"
    r")\W*$",
    re.I,
)
BY = re.compile(
    r"^\W*(?:(?:[Ww]ritten |[Pp]osted |[Ss]tory |[Tt]ext )?(?:[Bb]y|BY)\s+(?:(?:[A-Z][\w.'’-]*|de|van|von|of"
    r"|the|and|&)\s*){1,6}"
    r"(?:\W+.{0,80})?|.{0,60}\b\d+[ -]min(?:ute)?s?\.? read\b.{0,40})$"
)
PITCH = re.compile(
    r"\b(?:newsletter|sign ?up|subscribe|join (?:us|our|my)|patreon|ko-?fi|donat(?:e|ion)|get the app"
    r"|download (?:the|our)"
    r"|follow (?:us|me)|mailing list|free (?:copy|book|trial))\b",
    re.I,
)
NOTE = re.compile(
    r"^\W*(?:a\s?/\s?n\b|an\s*[:\-–—]|(?:an? |the )?(?:author(?:'s|s'|s|’s|s’)?|writer(?:'s|’s|s)?"
    r"|translator(?:'s|’s|s)?|editor(?:'s|’s|s)?|beta(?:'s|’s)?)"
    r"[\s-]*(?:end[\s-]*)?(?:notes?|comments?|ramblings?|corner|thoughts?|message)\b"
    r"|(?:a )?(?:end |beginning |opening |closing |chapter )?notes?\s*(?::|from (?:the )?(?:author|writer)"
    r"|(?:for|at|on) (?:the )?(?:chapter|end|beginning))"
    r"|(?:a )?(?:quick |short |little |brief )?(?:note|word|message) from (?:the |your )?(?:author|writer)"
    r"|notes?\W*$|chapter end notes.*|p\.?\s?s\.? from the author"
    r"|(?:summary|disclaimer|foreword from|dedication|acknowledge?ments?)\s*:)",
    re.I,
)
THANKS = re.compile(
    r"^\W*(?:(?:as always,? |and |once again,? |again,? |many |a big |huge )*thank(?:s| you)(?: so much"
    r"| very much| all| everyone| again| a lot)*,? "
    r"(?:for (?:reading|your (?:comments?|reviews?|support|votes?|feedback|patience)|all (?:the|your)"
    r"|stopping by|the (?:comments|reviews|feedback))"
    r"|to (?:my|all|everyone|our) (?:\w+ )?(?:patrons?|readers?|supporters?|beta|reviewers?|who))"
    r"|(?:i )?hope (?:you|everyone|you all|you guys)(?:'ve|’ve| have)? (?:all )?(?:enjoy|like)"
    r"|(?:please )?(?:let me know|tell me) (?:what you (?:think|thought)|in the comments)"
    r"|if you (?:enjoyed|liked|like|enjoy) (?:this|the|my|what)"
    r"|(?:comments?|reviews?|feedback|constructive criticism)(?: and \w+)? (?:is|are) (?:always |very "
    r"|most )?(?:welcome|appreciated|love)"
    r"|see you (?:in the |all )?next (?:chapter|week|time|update|part)|next (?:chapter|update|part) (?:will"
    r"|is|comes|on|soon|should)"
    r"|(?:new )?(?:chapters?|updates?|episodes?|parts?|stories) (?:every|each|go up|will be posted|are posted"
    r"|come out|on (?:mon|tues|wednes|thurs|fri|satur|sun)day))",
    re.I,
)
STRONG = (
    r"\bchapters?\b", r"\b(?:reading|readers?)\b", r"\b(?:reviews?|comments?|feedback|votes?|kudos|likes)\b",
    r"\b(?:updat(?:e|es|ed|ing)|post(?:ed|ing|s)?|publish(?:ed|ing)?|uploaded)\b",
    r"\b(?:this|my|the) (?:story|tale|series|blog|fic|novel)\b",
    r"\b(?:beta|patreon|subscribe|newsletter|ko-?fi|discord)\b",
    r"\b(?:writing|wrote this|written this|author)\b",
)  # fmt: skip
WEAK = (
    r"\bthank",
    r"\benjoy",
    r"\bhope you\b",
    r"\blet me know\b",
    r"\bsorry\b",
    r"\bfirst (?:time|attempt|story)\b",
    r"\bwarning\b",
)
STRONG_CUES, WEAK_CUES = [re.compile(p, re.I) for p in STRONG], [re.compile(p, re.I) for p in WEAK]
ADDRESS = re.compile(r"\b(?:you|your|everyone|guys|folks|readers|i|i'm|i've|my|we)\b", re.I)
QUOTE = re.compile(r"[\"“”«»]")
BRACKETED_NOTE = re.compile(r"\s*[(\[{]\s*(?:A\s?/\s?N|author(?:'s|’s)? note)\b[^)\]}]*[)\]}]", re.I)
WORDS = re.compile(r"\w+")
