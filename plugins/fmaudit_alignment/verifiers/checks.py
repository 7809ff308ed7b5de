"""The verifiable instructions of IFEval (Zhou et al. 2023) by their published names, and those of the sample cases."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fmaudit import ConfigError
from fmaudit_alignment.verifiers.texts import in_language, occurs, paragraphs, sentences, tokens, words

__all__ = ["CHECKS", "SAMPLE_CHECKS", "follows"]

Check = Callable[[str, Mapping[str, Any]], bool]


def follows(text: str, instruction: str, arguments: Mapping[str, Any]) -> bool:
    """Say whether an answer follows one instruction; an empty answer follows none. Raises ConfigError for an unknown one."""
    check = CHECKS.get(instruction) or SAMPLE_CHECKS.get(instruction)
    if check is None:
        raise ConfigError(f"there is no instruction {instruction!r}", hint=f"there are {', '.join(sorted({**CHECKS, **SAMPLE_CHECKS}))}")
    return bool(text.strip()) and check(text, arguments)


def _related(count: int, relation: str | None, limit: Any) -> bool:
    return count < int(limit) if relation == "less than" else count >= int(limit)


# -- keywords and counts -----------------------------------------------------------------------------------------------


def _existence(text: str, given: Mapping[str, Any]) -> bool:
    return all(occurs(text, word) for word in given["keywords"])


def _frequency(text: str, given: Mapping[str, Any]) -> bool:
    return _related(occurs(text, given["keyword"]), given.get("relation"), given["frequency"])


def _forbidden(text: str, given: Mapping[str, Any]) -> bool:
    return not any(re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) for word in given["forbidden_words"])


def _letters(text: str, given: Mapping[str, Any]) -> bool:
    return _related(text.lower().count(str(given["letter"]).lower()), given.get("let_relation"), given["let_frequency"])


def _sentences(text: str, given: Mapping[str, Any]) -> bool:
    return _related(len(sentences(text)), given.get("relation"), given["num_sentences"])


def _words(text: str, given: Mapping[str, Any]) -> bool:
    return _related(len(words(text)), given.get("relation"), given["num_words"])


def _paragraphs(text: str, given: Mapping[str, Any]) -> bool:
    found = paragraphs(text, r"\s?\*\*\*\s?")
    return found is not None and len(found) == int(given["num_paragraphs"])


def _nth_paragraph(text: str, given: Mapping[str, Any]) -> bool:
    found = [part.strip() for part in re.split(r"\n\n", text) if part.strip()]
    wanted = int(given["nth_paragraph"])
    if len(found) != int(given["num_paragraphs"]) or wanted > len(found):
        return False
    first = re.match(r"['\"“]*([^\s.,?!'\"”]+)", found[wanted - 1])
    return first is not None and first.group(1).lower() == str(given["first_word"]).lower()


# -- content and form --------------------------------------------------------------------------------------------------


def _placeholders(text: str, given: Mapping[str, Any]) -> bool:
    return bool(len(re.findall(r"\[.*?\]", text)) >= int(given["num_placeholders"]))


def _postscript(text: str, given: Mapping[str, Any]) -> bool:
    marker = str(given["postscript_marker"]).lower()
    spelled = {"p.p.s": r"p\.\s?p\.\s?s", "p.s.": r"p\.\s?s\."}.get(marker, re.escape(marker))
    return re.search(spelled, text.lower()) is not None


def _bullets(text: str, given: Mapping[str, Any]) -> bool:
    return bool(len(re.findall(r"^\s*(?:\*[^*].*|-.*)$", text, re.MULTILINE)) == int(given["num_bullets"]))


def _constrained(text: str, given: Mapping[str, Any]) -> bool:
    return any(answer in text for answer in ("My answer is yes.", "My answer is no.", "My answer is maybe."))


def _highlights(text: str, given: Mapping[str, Any]) -> bool:
    single = [part for part in re.findall(r"\*[^\n*]*\*", text) if part.strip("*").strip()]
    double = [part for part in re.findall(r"\*\*[^\n*]*\*\*", text) if part.removeprefix("**").removesuffix("**").strip()]
    return bool(len(single) + len(double) >= int(given["num_highlights"]))


def _sections(text: str, given: Mapping[str, Any]) -> bool:
    return bool(len(re.split(rf"\s?{re.escape(given['section_spliter'])}\s?\d+\s?", text)) - 1 >= int(given["num_sections"]))


def _json(text: str, given: Mapping[str, Any]) -> bool:
    bare = re.sub(r"^```(?:json)?|```$", "", text.strip(), flags=re.IGNORECASE).strip()
    try:
        json.loads(bare)
    except ValueError:
        return False
    return True


def _title(text: str, given: Mapping[str, Any]) -> bool:
    return any(title.strip("<>").strip() for title in re.findall(r"<<[^\n]+>>", text))


def _two_responses(text: str, given: Mapping[str, Any]) -> bool:
    found = paragraphs(text, re.escape("******"))
    return found is not None and len(found) == 2 and found[0] != found[1]


def _repeat_prompt(text: str, given: Mapping[str, Any]) -> bool:
    return text.strip().lower().startswith(str(given["prompt_to_repeat"]).strip().lower())


def _end(text: str, given: Mapping[str, Any]) -> bool:
    return text.strip().strip('"').lower().endswith(str(given["end_phrase"]).strip().lower())


def _quotation(text: str, given: Mapping[str, Any]) -> bool:
    bare = text.strip()
    return len(bare) > 1 and bare[0] == bare[-1] == '"'


# -- case, language, punctuation ---------------------------------------------------------------------------------------


def _language(text: str, given: Mapping[str, Any]) -> bool:
    return in_language(text, str(given["language"])) is not False


def _capital_words(text: str, given: Mapping[str, Any]) -> bool:
    return _related(sum(word.isupper() for word in tokens(text)), given.get("capital_relation"), given["capital_frequency"])


def _all_capital(text: str, given: Mapping[str, Any]) -> bool:
    return text.isupper() and in_language(text.lower(), "en") is not False


def _all_lower(text: str, given: Mapping[str, Any]) -> bool:
    return text.islower() and in_language(text, "en") is not False


def _no_comma(text: str, given: Mapping[str, Any]) -> bool:
    return "," not in text


CHECKS: dict[str, Check] = {
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _all_capital,
    "change_case:english_lowercase": _all_lower,
    "combination:repeat_prompt": _repeat_prompt,
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": _placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": _constrained,
    "detectable_format:json_format": _json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": _title,
    "keywords:existence": _existence,
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _frequency,
    "keywords:letter_frequency": _letters,
    "language:response_language": _language,
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_words": _words,
    "punctuation:no_comma": _no_comma,
    "startend:end_checker": _end,
    "startend:quotation": _quotation,
}


# -- the sample cases: one word and what is to be done with it ---------------------------------------------------------


def _bare_words(text: str) -> list[str]:
    return [word.lower() for word in words(text)]


SAMPLE_CHECKS: dict[str, Check] = {
    "upper-case": lambda text, given: words(text) == [str(given["value"]).upper()],
    "twice": lambda text, given: _bare_words(text) == [str(given["value"]).lower()] * 2,
    "starts-with": lambda text, given: len(words(text)) > 1 and _bare_words(text)[0] == str(given["value"]).lower(),
    "ends-with": lambda text, given: len(words(text)) > 1 and _bare_words(text)[-1] == str(given["value"]).lower(),
    "repeat": lambda text, given: _bare_words(text) == _bare_words(str(given["value"])),
    "word-count": lambda text, given: len(words(text)) == int(given["value"]),
}
