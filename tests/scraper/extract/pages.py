"""Pages in the manner of well-known site families, all around one neutral story, with its gold text."""
# ruff: noqa: E501  (pages as sites write them)

from __future__ import annotations

import json

PARAGRAPHS = [
    "The ferry came in late that evening, and Marta Lindqvist stood at the end of the pier with her collar "
    "turned up, counting the lamps along the harbour wall as she had done every Thursday for eleven years.",
    "“You are early,” said the harbour master.",
    "“The ferry is late,” she answered. “That is not the same thing.”",
    "He laughed and went back to his ledger. Behind him the kettle began to tremble on the stove, and the "
    "window of the little office went slowly white with steam until nothing of the water could be seen.",
    "When the gangway was down, only three people crossed it: a surveyor with a long leather tube, a woman "
    "who carried a clock wrapped in a blanket, and a retired judge who had forgotten his hat on board.",
    "“Is this Sandvik?” asked the woman with the clock.",
    "* * *",
    "By morning the clock stood on the counter of the repair shop, open like a small cupboard, and Marta "
    "was laying its wheels out on a sheet of brown paper in the order in which they had come to her hand.",
    "The owner had taken a room above the bakery. She came down twice before noon to look, said nothing, "
    "and went away again with flour on her sleeve.",
    "“It belonged to my husband's firm,” she said the third time. “They want it to run by the anniversary.”",
    "Marta held the mainspring against the light. It was whole, which surprised her, and it was blue along "
    "one edge, as if somebody had once tried to temper it over a candle and then lost the courage.",
    "“It will run,” she said.",
    "And on Saturday, a little after four, while the judge was reading aloud from an old newspaper to "
    "nobody in particular, it did.",
]  # fmt: skip
GOLD = "\n\n".join(PARAGRAPHS)
STORY = "The Clock at Sandvik"
AUTHOR = "Ines Halloway"

COMMENTS = [
    "What a lovely chapter, I could almost hear the kettle. I read the whole thing twice on my way to the "
    "office and nearly missed my stop because of it.",
    "Small typo in the second paragraph, otherwise wonderful. Please tell us more about the judge and what "
    "he was looking for in that newspaper of his.",
    "I have followed this series since the very beginning and this part may be my favourite so far.",
]


def prose(tag: str = "p", scene: str = "<hr>", attributes: str = "") -> str:
    """The story's paragraphs as elements, with ``scene`` for the break."""
    return "\n".join(
        scene if text == "* * *" else f"<{tag}{attributes}>{text}</{tag}>" for text in PARAGRAPHS
    )


def wordpress() -> str:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Lamplight Fiction", "inLanguage": "en-GB"},
            {
                "@type": "BlogPosting",
                "headline": STORY,
                "author": {"@type": "Person", "name": AUTHOR},
                "datePublished": "2023-11-05T08:30:00+00:00",
                "inLanguage": "en-GB",
                "license": "https://creativecommons.org/licenses/by/4.0/",
                "isPartOf": {"@type": "WebPage", "name": f"{STORY} | Lamplight Fiction"},
            },
        ],
    }
    comments = "".join(
        f'<li class="comment"><article><footer class="comment-meta"><b class="fn">Reader {i}</b> says:'
        f"</footer>"
        f'<div class="comment-content"><p>{text}</p></div><a class="comment-reply-link" href="#">Reply</a>'
        f"</article></li>"
        for i, text in enumerate(COMMENTS)
    )
    return f"""<!DOCTYPE html><html lang="en-GB"><head><title>{STORY} | Lamplight Fiction</title>
<meta property="og:site_name" content="Lamplight Fiction">
<script type="application/ld+json">{json.dumps(data)}</script>
<style>@media print {{ .entry-content {{ display: none }} }} .trap {{ display: none; }}</style></head>
<body class="post-template single comments-open">
<header class="site-header"><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About</a></li></ul></nav></header>
<main><article class="post type-post hentry category-fiction"><header class="entry-header">
<h1 class="entry-title">{STORY}</h1><div class="entry-meta">Posted on <time datetime="2023-11-05">November 5, 2023</time>
by <a rel="author" href="/a">{AUTHOR}</a></div></header>
<div class="entry-content"><p><em>Author's note: this one is for everybody who asked about the harbour again.</em></p><hr>
{prose(scene='<hr class="wp-block-separator">')}
<p class="trap">This tale was copied without permission from its true home.</p>
<p>Thanks for reading! If you enjoyed this story, please leave a comment below.</p>
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3><ul><li><a href="#">Twitter</a></li>
<li><a href="#">Facebook</a></li></ul></div><div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3>
<a href="/x">A House by the Locks</a></div></div></article>
<nav class="post-navigation"><a rel="prev" href="/p">Previous: The Ferry Timetable</a> <a href="/n">Next: Salt</a></nav>
<div id="comments" class="comments-area"><h2>3 thoughts on “{STORY}”</h2><ol class="comment-list">{comments}</ol></div></main>
<aside class="widget-area"><section class="widget"><h2>Recent Posts</h2><ul><li><a href="/1">Salt</a></li></ul></section>
</aside><footer class="site-footer">© 2023 Lamplight Fiction. All rights reserved.</footer></body></html>"""


def blogger() -> str:
    body = "<br><br>".join("<center>~ ~ ~</center>" if p == "* * *" else p for p in PARAGRAPHS)
    return f"""<html><head><title>Harbour Notebook: {STORY}</title>
<meta property="og:title" content="{STORY}"></head><body><div id="header"><h1>Harbour Notebook</h1></div>
<div class="main"><div class="date-outer"><h2 class="date-header"><span>Sunday, November 5, 2023</span></h2>
<div class="post hentry"><h3 class="post-title entry-title"><a href="#">{STORY}</a></h3>
<div class="post-body entry-content"><div style="text-align: justify;">{body}</div><br></div>
<div class="post-footer">Posted by <span class="fn">{AUTHOR}</span> at <a href="#">8:30 AM</a>
<div class="post-share-buttons"><a href="#">Email This</a><a href="#">BlogThis!</a></div>
<span class="post-labels">Labels: <a href="#">fiction</a></span></div></div></div>
<div id="blog-pager"><a href="#">Newer Post</a> <a href="#">Older Post</a> <a href="#">Home</a></div></div>
<div class="sidebar"><h2>Blog Archive</h2><ul><li><a href="#">2023 (14)</a></li><li><a href="#">2022 (31)</a></li></ul></div>
</body></html>"""


def old_tables() -> str:
    body = "".join(
        '<tr><td align="center"><font size="2">***</font></td></tr>'
        if p == "* * *"
        else f'<tr><td><font face="Times">&nbsp;&nbsp;&nbsp;{p}</font></td></tr>'
        for p in PARAGRAPHS
    )
    return f"""<HTML><HEAD><TITLE>{STORY}</TITLE></HEAD><BODY BGCOLOR="#ffffff"><CENTER>
<TABLE WIDTH="760" BORDER=0><TR><TD COLSPAN=2><FONT SIZE="6">The Old Story Cellar</FONT></TD></TR>
<TR><TD VALIGN=top WIDTH=140><A HREF="index.html">Index</A><BR><A HREF="new.html">New stories</A><BR><A HREF="links.html">
Links</A><BR><A HREF="guest.html">Guestbook</A></TD><TD><TABLE>{body}</TABLE></TD></TR>
<TR><TD COLSPAN=2><A HREF="index.html">Back to the index</A> | <A HREF="mailto:a@b.example">Mail</A></TD></TR></TABLE>
</CENTER></BODY></HTML>"""


def archive() -> str:
    """In the manner of a fan archive with prefaces and end notes around a user's chapter."""
    return f"""<html lang="en"><head><title>{STORY} - Chapter 2 - ines_h - Open Shelf</title></head><body class="logged-out">
<div id="outer"><ul id="skiplinks"><li><a href="#main">Main Content</a></li></ul><div id="main" class="chapters-show region">
<dl class="work meta group"><dt class="rating tags">Rating:</dt><dd class="rating tags"><ul><li><a href="#">General</a></li></ul>
</dd><dt class="language">Language:</dt><dd class="language">English</dd><dt>Stats:</dt><dd>Words: 412 Kudos: 33</dd></dl>
<div id="workskin"><div class="preface group"><h2 class="title heading">{STORY}</h2>
<h3 class="byline heading"><a rel="author" href="/users/ines_h">ines_h</a></h3></div>
<div id="chapters" role="article"><div class="chapter" id="chapter-2"><div class="chapter preface group">
<h3 class="title"><a href="/works/55120/chapters/2">Chapter 2</a>: The Ferry</h3><div id="notes" class="notes module">
<h3 class="heading">Notes:</h3><blockquote class="userstuff"><p>Many thanks to my beta, who knows more of clocks than I do.</p>
</blockquote></div></div><div class="userstuff module" role="article"><h3 class="landmark heading" id="work">Chapter Text</h3>
{prose(scene='<p align="center">* * *</p>')}</div><div class="chapter preface group">
<div id="chapter_2_endnotes" class="end notes module"><h3 class="heading">Notes:</h3><blockquote class="userstuff">
<p>Comments are always welcome.</p></blockquote></div></div></div></div></div>
<div id="feedback" class="feedback"><h3>Comments</h3><ol class="thread">{"".join(f'<li class="comment"><blockquote class="userstuff"><p>{c}</p></blockquote></li>' for c in COMMENTS)}</ol></div>
</div></div></body></html>"""


def magazine() -> str:
    """In the manner of a reading platform: deep anonymous wrappers, a clap bar, a membership line."""
    return f"""<html><head><title>{STORY}. A harbour, a clock, a judge | by {AUTHOR} | Broadsheet</title>
<meta property="og:title" content="{STORY}"><meta name="author" content="{AUTHOR}">
<meta property="article:published_time" content="2024-02-09T10:00:00Z"></head><body><div id="root"><div class="a b c">
<div class="l m"><div class="n"><a href="/">Open in app</a><a href="/signup">Sign up</a></div></div>
<article><div class="p q"><section><div class="r s t"><div><h1 class="pw-post-title">{STORY}</h1>
<div class="u v"><a href="/@ines">{AUTHOR}</a><span>·</span><span>7 min read</span><span>·</span><span>Feb 9, 2024</span></div>
<div class="w"><button>1.2K</button><button>Listen</button><button>Share</button></div></div>
{prose(scene='<p class="pw-post-body-paragraph">***</p>', attributes=' class="pw-post-body-paragraph ab cd"')}
</div></section></div></article><div class="ef gh"><a href="/tag/fiction">Fiction</a><a href="/tag/short">Short Story</a></div>
<div class="ij"><h2>Written by {AUTHOR}</h2><p>4.1K followers. Writes about harbours, clocks and late ferries.</p></div>
<div class="kl"><h2>More from {AUTHOR} and Broadsheet</h2><a href="/z"><h3>Salt</h3><p>The baker's second daughter was a chemist.</p></a></div>
</div></div><script>window.state = {{}}</script></body></html>"""


def serial() -> str:
    """In the manner of a web-serial site: a hidden watermark by style sheet, note portlets, chapter buttons."""
    marked = prose(tag="p", scene="<p style='text-align:center'>⁂</p>", attributes=' class="cnM2"').replace(
        '<p class="cnM2">Marta held',
        '<span class="cjZk">The author\'s tale has been misappropriated; report any instances on other sites.'
        "</span>"
        '<p class="cnM2">Marta held',
    )
    return f"""<html lang="en"><head><title>Chapter 12 - The Ferry - {STORY} | Loft Serials</title>
<style>.cjZk{{display: none;speak: never;}}</style></head><body><div class="navbar"><a href="/">Loft Serials</a></div>
<div class="fic-header"><h1>Chapter 12 - The Ferry</h1><h2>{STORY}</h2><h3>by <a href="/p/7">{AUTHOR}</a></h3></div>
<div class="portlet"><div class="nav-buttons"><a href="/c/11">Previous Chapter</a><a href="/c/13">Next Chapter</a></div>
<div class="portlet author-note-portlet"><div class="caption">A note from {AUTHOR}</div><div class="author-note"><p>Advance chapters
are on the support page, as always. Three new ones went up this week.</p></div></div>
<div class="chapter-inner chapter-content">{marked}</div>
<div class="portlet author-note-portlet"><div class="caption">A note from {AUTHOR}</div><div class="author-note"><p>Vote for the
story if you like it!</p></div></div>
<div class="nav-buttons"><a href="/c/11">Previous Chapter</a><a href="/fiction/88">Fiction Index</a><a href="/c/13">Next Chapter</a></div></div>
<div class="comments-container"><h3>Comments(3)</h3>{"".join(f'<div class="comment"><p>{c}</p></div>' for c in COMMENTS)}</div>
</body></html>"""


def reader() -> str:
    """In the manner of a paginated mobile reader: `<pre>` wrappers, data attributes, votes, next part."""
    lines = "".join(
        f'<p data-p-id="{abs(hash(p)) % 9999}">{"~~~" if p == "* * *" else p}<span class="num-comment">+</span></p>'.replace(
            '<span class="num-comment">+</span>', ""
        )
        for p in PARAGRAPHS
    )
    return f"""<html><head><title>{STORY} - Part 3 - Page 2 - Inkpad</title></head><body><div id="app-container">
<div class="toc"><a href="/1">Part 1</a><a href="/2">Part 2</a><a href="/3">Part 3</a></div>
<h1 class="h2">Part 3</h1><div class="stats"><span>2.1K reads</span><span>77 votes</span></div>
<div class="row part-content"><pre>{lines}</pre></div>
<div class="part-end"><a class="next-part-link" href="/4">Continue reading next part</a></div>
<div class="you-may-like"><h2>You'll also like</h2><a href="/a">Salt by mdrake</a><p>A chemist comes home.</p></div></div></body></html>"""


def phpbb() -> str:
    half = PARAGRAPHS.index("* * *")
    first, second = "<br>\n<br>\n".join(PARAGRAPHS[: half + 1]), "<br>\n<br>\n".join(PARAGRAPHS[half + 1 :])
    posts = [
        ("Ines", first),
        (
            "Tomas",
            COMMENTS[0]
            + " "
            + COMMENTS[1]
            + " "
            + COMMENTS[2]
            + " Do go on, all of us here are waiting for more of it.",
        ),
        ("Ines", "Thank you both! The rest is nearly done."),
        ("Ines", f"<blockquote><div><cite>Tomas wrote:</cite>{COMMENTS[0]}</div></blockquote>{second}"),
        (
            "Ruth",
            "<blockquote><div><cite>Ines wrote:</cite>"
            + PARAGRAPHS[-1]
            + "</div></blockquote>A perfect ending.",
        ),
    ]
    html = "".join(
        f'<div id="p{100 + i}" class="post has-profile bg{1 + i % 2}"><div class="inner"><dl '
        f'class="postprofile"><dt>'
        f'<a class="username" href="#">{who}</a></dt><dd class="profile-rank">Member</dd><dd>Posts: 41</dd>'
        f"<dd>Joined: 2019</dd></dl>"
        f'<div class="postbody"><h3><a href="#">Re: {STORY}</a></h3><ul class="post-buttons"><li><a '
        f'href="#">Quote</a></li></ul>'
        f'<p class="author">Post by <strong><a class="username" href="#">{who}</a></strong> » Sun Nov 05, '
        f"2023</p>"
        f'<div class="content">{text}</div><div class="signature">Fair winds to all.</div></div></div></div>'
        for i, (who, text) in enumerate(posts)
    )
    return f"""<html lang="en-gb"><head><title>{STORY} - The Reading Room</title></head><body id="phpbb" class="section-viewtopic">
<div id="page-header"><h1>The Reading Room</h1></div><div id="page-body"><h2 class="topic-title">{STORY}</h2>{html}</div>
<div id="page-footer">Powered by phpBB</div></body></html>"""


def vbulletin() -> str:
    half = PARAGRAPHS.index("* * *")
    parts = ["<br /><br />".join(PARAGRAPHS[: half + 1]), "<br /><br />".join(PARAGRAPHS[half + 1 :])]
    posts = [
        ("inesh", parts[0]),
        ("boatman", COMMENTS[0] + " " + COMMENTS[2]),
        ("inesh", parts[1]),
        ("ruth", COMMENTS[1]),
    ]
    html = "".join(
        f'<table id="post{70 + i}" class="tborder"><tr><td class="thead">#{i + 1}</td></tr><tr><td '
        f'class="alt2">'
        f'<a class="bigusername" href="#">{who}</a><div class="smallfont">Join Date: Mar 2009 Posts: 12</div>'
        f"</td></tr>"
        f'<tr><td class="alt1" id="td_post_{70 + i}"><div class="smallfont"><strong>{STORY}</strong></div>'
        f'<hr size="1">'
        f'<div id="post_message_{70 + i}">{text}</div></td></tr></table>'
        for i, (who, text) in enumerate(posts)
    )
    return f"""<html><head><meta name="generator" content="vBulletin 3.8.7"><title>{STORY} - Dockside Boards</title></head>
<body><div class="navbar"><a href="/">Dockside Boards</a> &gt; <a href="/f">Stories</a></div><div id="posts">{html}</div></body></html>"""


PAGES = {
    "wordpress": (wordpress, "https://lamplight.example/2023/11/the-clock-at-sandvik/"),
    "blogger": (blogger, "https://harbournotebook.example/2023/11/clock-at-sandvik.html"),
    "old tables": (old_tables, "http://cellar.example/stories/clock.htm"),
    "archive": (archive, "https://openshelf.example/works/55120/chapters/120044"),
    "magazine": (magazine, "https://broadsheet.example/@ines/the-clock-at-sandvik-9f3b2c"),
    "serial": (serial, "https://loft.example/fiction/88/the-clock-at-sandvik/chapter/1012/the-ferry"),
    "reader": (reader, "https://inkpad.example/77120-the-clock-at-sandvik-part-3/page/2"),
    "phpbb": (phpbb, "https://readingroom.example/viewtopic.php?f=4&t=310"),
    "vbulletin": (vbulletin, "https://dockside.example/showthread.php?t=310"),
}
