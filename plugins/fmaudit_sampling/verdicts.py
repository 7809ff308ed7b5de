"""Yes or no, as a judge writes it: read in several languages, and None where it is neither."""

from __future__ import annotations

import re

from fmaudit_sampling.answers import abstains

__all__ = ["read_verdict"]

# 不是 holds 是 and says no, 是否 holds both and says neither
NO = r"(?<!\w)(?:no|nope|nein|nee|non|não|нет|hayır|لا|नहीं)(?!\w)|不是|不(?=[,，.。\s]|$)|(?<!是)否|いいえ|아니"
YES = r"(?<!\w)(?:yes|yep|ja|oui|sí|sì|sim|да|evet|نعم|हाँ|हां)(?!\w)|是(?!否)|はい|예"
WORD = re.compile(f"(?P<no>{NO})|(?P<yes>{YES})", re.IGNORECASE)
PLAIN = re.compile(rf"[\s*_#>\"'(\[]*(?:{NO}|{YES})[\s*_\"')\]]*(?:[.,;:!。，—–-]|$)", re.IGNORECASE)  # the word, and then a stop
BOTH = re.compile(r"\b(?:yes|no)\b[\s*_\"']*(?:/|\bor\b|\band\b)[\s*_\"']*\b(?:yes|no)\b", re.IGNORECASE)


def read_verdict(text: str) -> bool | None:
    """Read an answer as yes or no, by its first such word.

    None where there is none, where both are named in one breath ("yes or no"), and where the answer says that it does not know.
    """
    found = WORD.search(text)
    if found is None or BOTH.search(text) or (abstains(text) and not PLAIN.match(text)):
        return None
    return found.lastgroup == "yes"
