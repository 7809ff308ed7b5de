"""How a sentence stands to what it says: whether it asks, doubts, denies or only supposes it."""

from __future__ import annotations

import re

__all__ = ["NEGATION", "denies_fit", "only_hopes", "stance", "unreal"]

_QUESTION = re.compile(
    r"\?\s*[\"”’')]*$|^\s*(?:is it true|whether\b|does anyone know|did you know|ask (?:yourself )?whether|i wonder)", re.I
)
_MYTH = (
    r"\b(?:myth|misconception|wrongly|incorrectly|falsely|mistakenly|erroneous"
    r"|it is not true|it's not true|it is false|is false that|untrue|hoax|debunk\w*|disproved|refuted|doubt(?:s|ed|ful)?\b"
    r"|(?:often|commonly|widely|sometimes|frequently) (?:quoted|cited|said|advertised|called|given|misquoted|believed|thought)"
    r"|imagine|suppose\b|hypothetical\w*)"
)
_ATTITUDE = (
    r"(?:believ|think|thought|claim|sa(?:y|id)|assum|expect|suppos|imagin|argu|pretend|insist|trust|maintain|suggest"
    r"|conclu|guess|know|knew|hop(?:e|ing))"
)
# who thinks so: nobody, or hardly anyone
_NOBODY = (
    r"\b(?:nobody|no[-\s]one|none of (?:us|you|them|those|the \w+)|hardly any(?:one|body)|not many (?:people|of us))\b"
    r"(?![^.;]*,\s*(?:but|yet)\b)"
    rf"|(?<!a )(?<!the )(?<!these )(?<!those )\bfew(?: people| of \w+| \w+(?:ers|ors|ists))?\s+(?:would|will|should|could"
    rf"|can|ever|{_ATTITUDE})"
)
_NOT_SO = (
    r"(?:wrong|false|mistaken|absurd|silly|foolish|na[iï]ve|hard|difficult|impossible|ridiculous|misleading|incorrect|unreasonable"
    r"|nonsense|implausible|unlikely|inconceivable|a mistake|an error|a lie|wishful thinking|an? (?:\w+ )?(?:illusion"
    r"|fantasy|dream|delusion)|folly)"
)
_AGAINST = (
    rf"(?:n['’]t|\bnot|\bnever|\bcannot|\bhardly|\bbarely|\brefus\w+ to)\s+(?:\w+\s+){{0,2}}{_ATTITUDE}"
    r"|(?:n['’]t|\bnot|\bno)\s+(?:\w+\s+){1,3}that\s+(?!of\b|is\b|was\b)"
    rf"|\b{_NOT_SO} (?:to (?:\w+\s+)?{_ATTITUDE}|that\b)"
)
# what is said is called so behind it: "... is nonsense", "whoever says ... is mistaken"
_CALLED_SO = (
    r"\b(?:is|are|was|were|be)\s+(?:\w+\s+){0,2}(?:mistaken|nonsense|rubbish|absurd|ridiculous|misinformed|misled|implausible"
    r"|a (?:lie|mistake|exaggeration)|an (?:error|exaggeration)|exaggerated|in error|wrong|false)\s*(?:$|[.,;!])"
)
# what others say, or what a name suggests, is not said by the text itself
_REPORTED = (
    r"\b(?:rumou?r|idea|belief|notion|truth|suggestion|assumption|hope|question|speculation|gossip|legend|hoax)s?\s+(?:\w+\s+){0,2}that\b"
    rf"|^\W*to (?:\w+ )?{_ATTITUDE}|\bnames? (?:\w+ )?(?:suggest|impl|promis)\w*"
    r"|\b(?:unfounded|baseless|unsubstantiated|out of the question|off by a factor|off the mark|far off|made up)\b"
    r"|\bit(?:['’]s| is| was)\s+(?!(?:\w+ )?(?:true|clear|known|fact|obvious|certain|secret|notable|remarkable|interesting|impressive|"
    r"surprising|amazing|worth)\b)(?-i:[^,;.A-Z0-9]{1,50})\bthat\b"
)
_DOUBTED = re.compile("|".join((_MYTH, _NOBODY, _AGAINST, _CALLED_SO, _REPORTED)), re.I)
NEGATION = re.compile(r"\b(?:not|never|cannot|no longer|neither|nor|hardly|without)\b|n['’]t\b", re.I)
# before "fit on": "too big to", "it is impossible to", "there is no way to"
_NO_FIT = re.compile(
    r"\btoo\b[^,;.]{1,60}\bto\s*$|\b(?:impossible|unlikely|unable|no (?:way|hope|chance)|fail(?:s|ed|ing)?|refus(?:es|ed))\b[^,;.]*$"
    r"|\b(?:exceeds?|beyond|than)\s+(?:what|anything that|whatever|all that)\s*$",
    re.I,
)
_WOULD = r"\b(?:would|could|might)\b"
_STORED = r"quanti\w+|stor\w+|load\w*|cast|convert\w*|compress\w*|serv\w+|\brun\b|fp\d+|bf16|int\d|\d[-\s]bits?|float\d+|precision"
_IF = rf"\b(?:if|unless)\b(?![^,;]*\b(?:{_STORED}))|^\W*(?:had|were|should)\b"
_CHANGED = (
    r"\b(?:multi-?head|full|plain|standard|ordinary|vanilla|separate|more|as many|times)\b[^,;.]*\b(?:attention"
    r"|heads?)\b(?=[^,;.]*\bwould\b)|"
    r"\b(?:without|with|lacking|sharing|unless|instead of|keeping|given|under)\b[^,;.]*?"
    r"\b(?:attention|heads?|group\w*|GQA|MQA|MHA|shar\w+|quer(?:y|ies))\b"
)
_SUPPOSED = re.compile(rf"(?=.*{_WOULD})(?:.*?)({_IF}|{_CHANGED})", re.I | re.S)
# of these no condition is needed: what a model would have it has not
_OWN_FIGURES = {
    "parameters",
    "active-parameters",
    "layers",
    "attention-layers",
    "heads",
    "kv-heads",
    "head-size",
    "hidden",
    "intermediate",
    "vocabulary",
    "experts",
    "experts-used",
    "training-tokens",
}
_MEMORY = {"weights-memory", "kv-memory", "kv-per-token"}


def stance(text: str) -> str:
    """Say why a sentence does not state what it says; nothing where it does."""
    if _QUESTION.search(text):
        return "the text asks, it does not claim"
    return "the text calls this wrong, doubtful or imagined, it does not claim it" if _DOUBTED.search(text) else ""


def only_hopes(before: str) -> bool:
    """Tell whether somebody only expects or tries that what follows "to" comes true."""
    return re.search(r"\b(?:expect|hop|want|try|tried|attempt|wish|dream)\w*\b[^.;,]*\b(?:to|that)\b[^.;,]*$", before, re.I) is not None


def denies_fit(before: str) -> bool:
    """Tell whether the words before "fit on" deny it without a "not"."""
    return _NO_FIT.search(before) is not None


def unreal(kind: str, text: str) -> str:
    """Return the word by which a figure is of what is not so ("with plain heads it would take"); nothing where there is none."""
    if kind in _OWN_FIGURES:
        found = re.search(r"\b(?:would|might)\b", text, re.I)
        return found.group(0) if found else ""
    found = _SUPPOSED.search(text) if kind in _MEMORY else None
    return found.group(1).strip() if found else ""
