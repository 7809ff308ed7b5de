"""Text of web pages: what is seen, on lines as blocks make them, in linear time."""

from __future__ import annotations

import time

import pytest

from fmaudit.corpus.html_text import html_text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>a<b>b</b> c<p>d", "ab c\nd"),
        ("<ul><li>1<li>2</ul>after", "1\n2\nafter"),
        ("<div><p>in</p>out</div>", "in\nout"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("x<script>1</script><style>2</style><template>3</template><textarea>4</textarea>y", "xy"),
        ("<svg><title>icon</title></svg>k", "k"),
        ("<p title=don't>it's</p>", "it's"),
        ('<p title="a > b" x>c', "c"),
        ("1 < 2 <3 </> <? x> <!doctype html> y", "1 < 2 <3 y"),
        ("<noscript>a<noscript>b</noscript>c</noscript>d", "d"),
        ("<title>A &amp; <b>B</title>c", "A & <b>B\nc"),
        ("<p>x</SCRIPT ><Script>y</p></sCript >z", "xz"),
        ("<svg/>a<svg><svg></svg>b</svg>c", "ac"),
        ("<p class=", ""),
        ("&#99999999999999;&#xFFFFFFFFFF;&#xD800;&notanentity;", "\ufffd\ufffd\ufffd¬anentity;"),
        ("<!-- comment -->&lt;b&gt; &nbsp; &#x4e16;", "<b> 世"),
        ("<pre>a\n  b</pre>", "a b"),
        ("<p>never closed <b>bold <i>both", "never closed bold both"),
        ("\x00\x01<p>odd\ufffe", None),
    ],
)
def test_pages(page, text):
    found = html_text(page)
    assert text is None or found == text


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "x",
        "<" * 300_000,
        "<a " * 100_000,
        "<p>x" * 100_000,
        "&#" * 200_000,
        "<!--" * 100_000,
        "<script>" * 100_000,
        "<a b='" * 100_000,
        "<b id=1>" * 50_000 + "<p>" * 50_000,
        "&#" + "9" * 100_000,
    ],
)
def test_hostile_pages_take_bounded_time(page):
    begin = time.process_time()
    html_text(page)
    assert time.process_time() - begin < 5
