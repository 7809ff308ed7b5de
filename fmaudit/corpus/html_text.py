"""Takes the visible text out of a web page, as Common Crawl's WET files have it.

The title comes first, then all text that is not script, style or form content, with a line for every block element, white space
within a line run together and empty lines left out. Navigation and other boilerplate stay: an audit of a crawl should see what is
in the crawl.

No tree is built. Text needs none, and a tree is where hostile pages bite: HTML 5 parsers take time that grows with the square of
the nesting (lexbor: minutes for 500 kB of `<div>`). Here every character is looked at a bounded number of times.
"""

from __future__ import annotations

import html
import re

__all__ = ["html_text"]

_RAW = frozenset(("script", "style", "textarea", "iframe", "noembed", "noframes", "title"))  # no tags inside, up to their own end
_HIDDEN = frozenset(("noscript", "template", "svg", "math"))  # with all that is inside
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup",
    "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "select",
    "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
))
# fmt: on
_EDGES = dict.fromkeys(_BLOCKS, "\n") | {"td": " ", "th": " "}

# A tag up to its `>`, or to the end of the page where it has none; a quote counts only after `=`. Possessive throughout: no backtracking.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)(?>[^>=]++|=\s*+(?>"[^"]*+"|'[^']*+')|=)*+(?:>|\Z)""")
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}
_HUGE_REFERENCE = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);?+")


def html_text(page: str) -> str:
    """Give the page's text, one line for each block."""
    lines = (" ".join(line.split()) for line in "".join(_Scanner(page).pieces()).split("\n"))
    return "\n".join(line for line in lines if line)


class _Scanner:
    """Walks over a page's tags and collects what is between them."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.at = 0
        self.hidden = ""  # the element that hides what is inside, and how many of them are open
        self.depth = 0
        self.found: list[str] = []

    def pieces(self) -> list[str]:
        """Collect the text and the edges of blocks."""
        page, size = self.page, len(self.page)
        while self.at < size:
            tag = page.find("<", self.at)
            self._text(self.at, tag if tag >= 0 else size)
            if tag < 0:
                break
            match = _TAG.match(page, tag)
            if match:
                self.at = match.end()
                self._tag(match[2].lower(), closing=bool(match[1]), alone=page[match.end() - 2] == "/")
            elif page.startswith("<!--", tag):
                self._pass("-->", tag + 4)
            elif page.startswith(("<!", "<?", "</"), tag):
                self._pass(">", tag + 2)
            else:
                self.found.append("<")
                self.at = tag + 1
        return self.found

    def _text(self, start: int, stop: int) -> None:
        if stop > start and not self.hidden:
            text = self.page[start:stop]
            if "&" in text:
                text = html.unescape(_HUGE_REFERENCE.sub("\ufffd", text))
            # line breaks of the source are white space; only blocks begin lines
            self.found.append(text.replace("\n", " ") if "\n" in text else text)

    def _pass(self, end: str, start: int) -> None:
        found = self.page.find(end, start)
        self.at = found + len(end) if found >= 0 else len(self.page)

    def _tag(self, name: str, *, closing: bool, alone: bool) -> None:
        if name == self.hidden or (not self.hidden and name in _HIDDEN and not closing):
            self._hide(name, closing, alone)
        elif name in _RAW and not closing:
            self._raw(name)
        elif not self.hidden:
            self.found.append(_EDGES.get(name, ""))

    def _hide(self, name: str, closing: bool, alone: bool) -> None:
        if not alone or closing:
            self.depth += -1 if closing else 1
        self.hidden = name if self.depth else ""

    def _raw(self, name: str) -> None:
        """Pass an element that holds no tags; a title's content is text."""
        end = _ENDS[name].search(self.page, self.at)
        stop = end.start() if end else len(self.page)
        if name == "title" and not self.hidden:
            self.found.append("\n")
            self._text(self.at, stop)
        self.at = stop
