"""Takes the visible text out of a web page, as Common Crawl's WET files have it.

The page is parsed as HTML 5 (selectolax, over lexbor). The title comes first, then all text that is not script, style or form
content, with a line for every block element, white space within a line run together and empty lines left out. Navigation
and other boilerplate stay: an audit of a crawl should see what is in the crawl.
"""

from __future__ import annotations

from typing import Any

from fmaudit.errors import MissingDependency

__all__ = ["html_text"]

_HIDDEN = frozenset(["script", "style", "noscript", "template", "svg", "math", "iframe", "object", "textarea"])
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup",
    "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "summary",
    "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
))
# fmt: on
_EDGES = dict.fromkeys(_BLOCKS, "\n") | {"td": " ", "th": " "}


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
    open_nodes: list[tuple[Any, str]] = []
    node = root
    while node is not None:
        tag = node.tag
        if tag == "-text":
            # line breaks of the source are white space; only blocks begin lines
            pieces.append((node.text_content or "").replace("\n", " "))
        elif tag not in _HIDDEN:
            edge = _EDGES.get(tag, "")
            pieces.append(edge)
            child = node.first_child
            if child is not None:
                open_nodes.append((node, edge))
                node = child
                continue
        node = node.next
        while node is None and open_nodes:
            parent, edge = open_nodes.pop()
            pieces.append(edge)
            node = parent.next
