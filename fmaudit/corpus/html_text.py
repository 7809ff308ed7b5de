"""Takes the visible text out of a web page, as Common Crawl's WET files have it.

The page is parsed as HTML 5 (selectolax, over lexbor). The title comes first, then all text that is not script, style or form
content, with a line for every block element, white space within a line run together and empty lines left out. Navigation
and other boilerplate stay: an audit of a crawl should see what is in the crawl.
"""

from __future__ import annotations

from typing import Any

from fmaudit.errors import MissingDependency

__all__ = ["html_text"]

_HIDDEN = frozenset("script style noscript template svg math iframe object textarea select button#".split()) - {"button#", "select"}
_BLOCKS = frozenset(
    "address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p pre search section summary table tbody td tfoot th thead"
    " title tr ul".split()
)


def html_text(page: str) -> str:
    """Give the page's text, one line for each block."""
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ImportError as error:
        raise MissingDependency("reading web pages needs selectolax", hint="pip install selectolax") from error
    pieces: list[str] = []
    _walk(LexborHTMLParser(page).root, pieces)
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _walk(root: Any, pieces: list[str]) -> None:
    """Visit the tree without recursion, since hostile pages nest without end."""
    node = root
    while node is not None:
        tag = node.tag
        if tag == "-text":
            # line breaks of the source are white space; only blocks begin lines
            pieces.append((node.text_content or "").replace("\n", " ").replace("\r", " "))
        elif tag in _BLOCKS:
            pieces.append("\n")
        child = None if tag in _HIDDEN else node.first_child
        if child is not None:
            node = child
            continue
        while node is not None and node.next is None:
            node = node.parent
            if node is not None and node.tag in _BLOCKS:
                pieces.append("\n")
            if node == root:
                return
        node = node.next if node is not None else None
