"""Deep links: what the address says is a wish, and only what exists is granted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

__all__ = [
    "FACETS", "FILTERS", "KEYS", "LONGEST", "can_be_asked", "choose", "document_key", "find_document", "href", "miss", "response_key",
    "say_missed", "set_link", "set_links", "wish", "wishes",
]  # fmt: skip

KEYS = ("run", "audit", "target", "metric", "slice", "doc", "response")
FACETS = ("suite", "kind", "condition", "label", "finish", "language", "domain", "class", "correct")  # columns of few values
FILTERS = (*FACETS, "host", "rules", "outcome", "where", "sort", "order", "page", "find", "state", "before", "after")
LONGEST = 600
_KNOWN = (*KEYS, *FILTERS)
_WORDS = {
    "doc": "document", "rules": "rule set", "where": "condition", "sort": "column to sort by", "before": "run before", "after": "run after",
}  # fmt: skip
_MISSED = "fm-missed"


def wish(key: str) -> str:
    """Read what the address asks for; too long or repeated is as if nothing was asked."""
    values = wishes(key)
    return values[0] if len(values) == 1 else ""


def wishes(key: str) -> list[str]:
    """Read what the address asks for any number of times; what is too long is as if it were not there."""
    return [value for value in st.query_params.get_all(key) if can_be_asked(value)]


def can_be_asked(value: str) -> bool:
    """Say whether an address can hold a value."""
    return 0 < len(value) <= LONGEST and "\x00" not in value


def set_link(**values: str) -> None:
    """Write into the address what is shown; an empty value is taken out."""
    for key, value in values.items():
        set_links(key, [value] if value else [])


def set_links(key: str, values: Sequence[str]) -> None:
    """Write several values of one key into the address; none takes the key out. Raises KeyError for a key that no page reads."""
    if key not in _KNOWN:
        raise KeyError(key)
    if not values:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get_all(key) != list(values):
        st.query_params[key] = list(values) if len(values) > 1 else values[0]


def choose(label: str, options: Sequence[str], key: str, *, first: str = "", place: object = st) -> str:
    """Offer a choice that the address can make; an address that names nothing offered is told so once.

    The choice is kept under `key` of `KEYS` in the address and in the session, so that it holds on every page.
    """
    widget = f"choice-{key}"
    wanted = wish(key)
    if wanted in options:
        st.session_state[widget] = wanted
    elif st.session_state.get(widget) not in options:
        st.session_state[widget] = first if first in options else options[0]
    if wanted and wanted not in options:
        miss(key)
    chosen: str = place.selectbox(label, options, key=widget, on_change=_changed, args=(widget, key))  # type: ignore[attr-defined]
    set_link(**{key: chosen})
    return chosen


def _changed(widget: str, key: str) -> None:
    set_link(**{key: st.session_state[widget]})
    inside = KEYS[KEYS.index(key) + 1 :]  # what a link named inside the old choice
    for other in (*inside, *(FILTERS if key == "audit" else ("page",))):  # another audit has other columns
        set_links(other, ())


def miss(key: str) -> None:
    """Remember that the address asked for something that is not there."""
    st.session_state.setdefault(_MISSED, set()).add(key)
    set_links(key, ())


def say_missed() -> None:
    """Tell once what the address asked for in vain."""
    missed = st.session_state.pop(_MISSED, set())
    if missed:
        names = [_WORDS.get(key, key) for key in _KNOWN if key in missed]
        listed = " and ".join(f"{_article(name)} {name}" for name in names)
        st.warning(f"The link names {listed} that {'is' if len(names) == 1 else 'are'} not here.")


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


def href(page: str, **values: str) -> str:
    """Write a link to a page, relative to wherever the dashboard is served."""
    given = {key: value for key, value in values.items() if value and key in _KNOWN}
    return f"{page}?{urlencode(given)}" if given else page


_DOCUMENT = re.compile(r"([0-9a-f]{16})-(\d{1,18})")


def document_key(file: str, offset: int) -> str:
    """Name a document in an address: the hash of its file's name, and its offset."""
    return f"{_hash(file)}-{offset}"


def find_document(key: str, files: Sequence[str]) -> tuple[str, int] | None:
    """Find the (file, offset) that a key names among the files of a corpus."""
    found = _DOCUMENT.fullmatch(key)
    if found is None:
        return None
    return next(((file, int(found[2])) for file in files if _hash(file) == found[1]), None)


def response_key(case: str, sample: int) -> str:
    """Name a response in an address."""
    return f"{_hash(case)}-{sample}"


def _hash(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:16]
