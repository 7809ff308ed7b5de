"""How a sentence stands to what it says: whether it asks, doubts, denies or only supposes it."""

from __future__ import annotations

import re

__all__ = ["HEARSAY", "NEGATION", "denies_fit", "only_hopes", "stance", "unreal", "unsure_denial"]

_QUESTION = re.compile(
    r"\?\s*[\"”’')]*$|^\s*(?:is it true|whether\b|does anyone know|did you know|ask (?:yourself )?whether|i wonder)", re.I
)
_MYTH = (
    r"\b(?:myth|misconception|wrongly|incorrectly|falsely|mistakenly|erroneous"
    r"|it is not true|it's not true|it is false|is false that|untrue|hoax|debunk\w*|disproved|refuted|"
    r"(?<!no )(?<!without )(?<!without a )(?<!without any )(?<!beyond )(?<!beyond any )doubt(?:s|ed|ful)?\b"
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
    rf"(?:n['’]t|\bnot|\bnever|\bcannot|\bhardly|\bbarely|\brefus\w+ to)\s+(?:\w+\s+)"
    rf"{{0,2}}{_ATTITUDE}(?!\w*\s+(?:how|what|why|who)\b)"  # "they don't know how large it is: ..."
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
# what people say, and nobody in particular stands for: never surely wrong, because the text only passes it on
HEARSAY = (
    r"\b(?:some|many|most|several|people|users?|others|folks|hobbyists|enthusiasts|fans|they|everybody|everyone|somebody|someone)\s+"
    r"(?:(?!\d)\w+\s+){0,3}?(?:say|says|said|claim(?:s|ed)?|report(?:s|ed)?|believe[sd]?|think|thinks|thought|argue[sd]?|insist(?:s|ed)?|swears?"
    r"|swore|maintain(?:s|ed)?|suggest(?:s|ed)?|boast(?:s|ed)?|tell|tells|told|assert(?:s|ed)?|hold that)\b"
    r"|(?<!paper )(?<!report )(?<!card )(?<!authors )(?<!sheet )(?<!manual )(?<!page )(?<!table )(?<!file )(?<!al\. )(?<!documentation )"
    r"(?:(?-i:(?<=[a-z] ))(?:says?|said|claims?|claimed|boasts?|insists?|swears?|asserts?"
    r"|maintains?|argues?)\s+(?:that\s+|(?-i:(?=[A-Z]))))"
    r"|\baccording to (?:some|many|a|an|forums?|blogs?|posts?|people|others|hearsay|one|users?|reddit|social)\b"
    r"|\brumou?r(?:s|ed)?\b|\breported(?:ly)?\b|\ballegedly\b|\bsupposed(?:ly)?\b|\bapparently\b|\bhearsay\b|\b(?:word|legend) has it\b"
    r"|\bword on the street\b|\b(?:one|you|we|I) (?:\w+ )?hears?\b"
    r"|\b(?:I|we)(?:['’]ve| have)? (?:heard|read somewhere|was told|were told|been told)\b"
    r"|\b(?:is|are|was|were|been) (?:\w+ )?(?:said|rumou?red|claimed|believed|thought|alleged) (?:to|that)\b"
    r"|\bit (?:is|was) (?:\w+ )?(?:said|claimed)\b"
)
NEGATION = re.compile(r"\b(?:not|never|cannot|no longer|neither|nor|hardly)\b|n['’]t\b", re.I)
# a denial that governs "fit on": right before it, in its subject, or behind its preposition
_NOT_FIT = re.compile(
    r"(?:\b(?:not|never|cannot|no longer|hardly|barely|scarcely)\b(?!\s+only\b)|n['’]t\b)\s+(?:(?:be|able|possible|possibly|actually|really"
    r"|even|ever|quite|yet|easily|comfortably|simply|to|have|been|get|made|manage|hope|at|all|entirely|fully|any|more|longer)\s+){0,5}$"
    r"|\b(?:by no means|under no circumstances|in no way|on no account|at no (?:time|point)|in no case)\b[^,;:]*$"
    r"|(?:^|[,;:]|\b(?:and|but|so|that|because|since)\b)\s*(?:no|none of|neither)\b(?!\s+(?:doubt|question|wonder|matter|problem|joke"
    r"|surprise|less|more)\b)[^,;:]*$",
    re.I,
)
_NO_PLACE = re.compile(r"\s*(?:no|none|neither)\b", re.I)
_ANY_NOT = re.compile(r"\b(?:not(?!\s+only\b)|cannot|no longer|neither|nor|nobody|nowhere|hardly|instead of|rather than)\b|n['’]t\b", re.I)
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


def denies_fit(before: str, behind: str) -> bool:
    """Tell whether the words right before or behind "fit on" deny it: "does not", "is too big to", "no card can", "on neither"."""
    clause = re.split(r"[,;:—–]", before)[-1]
    return any(p.search(t) for p, t in ((_NO_FIT, before), (_NOT_FIT, clause))) or _NO_PLACE.match(behind) is not None


def unsure_denial(before: str, behind: str) -> str:
    """Say that a "not" stands before "fit on", or right behind a dash or comma after it, and may deny it or something else."""
    clause = re.split(r"[;:]|\b(?:but|and)\b", before)[-1]
    loose = _ANY_NOT.search(clause) or re.search(
        r"[,—–-]\s*not\b(?!\s+(?:on|in|onto|into|an?|the|only|just|to|by|even|as)\b)", behind, re.I
    )
    return "" if loose is None else f"the text says {loose.group(0).strip(' ,-–—')!r}, which may deny it or something else"


def unreal(kind: str, text: str) -> str:
    """Return the word by which a figure is of what is not so ("with plain heads it would take"); nothing where there is none."""
    if kind in _OWN_FIGURES:
        found = re.search(r"\b(?:would|might)\b", text, re.I)
        return found.group(0) if found else ""
    found = _SUPPOSED.search(text) if kind in _MEMORY else None
    return found.group(1).strip() if found else ""
