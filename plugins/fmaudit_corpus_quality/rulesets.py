"""The rule sets themselves: datatrove 0.10.1 as tables of thresholds, and what audit.toml may change about them."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from fmaudit_corpus_quality.columns import known_column
from fmaudit_corpus_quality.rules import Comparison, Guard, MetadataRule, Rule, RuleSet

__all__ = ["RULE_SETS", "Table", "build", "custom_rule", "metadata_rules", "parse_condition"]

VERSION = "datatrove-0.10.1"
_NAME = re.compile(r"[A-Za-z0-9][\w./+:-]*", re.ASCII)
_CONDITION = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([^\s<>=!].*?)\s*", re.DOTALL)
_VALUE = re.compile(r"\s*([\w.]+(?:\s*\+\s*[\w.]+)*)\s*(?:/\s*([\w.]+(?:\s*\+\s*[\w.]+)*)\s*)?", re.ASCII)
_READ = "is fixed while the corpus is read and cannot be replayed over stored counts"


@dataclass(frozen=True, slots=True)
class Table:
    """A published rule set: its rules in order, and the parameters that can or cannot be changed afterwards."""

    rules: tuple[Rule, ...]
    made_for: tuple[str, ...] = ("en", "English")
    cleaned: str = ""
    keeps_unterminated_lines: bool = False
    switches: Mapping[str, tuple[str, Guard]] = field(default_factory=dict)  # parameter -> (reason, guard when on)
    fixed: tuple[str, ...] = ("language", "exclusion_writer")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names that may stand under [audit.corpus-quality.thresholds]."""
        names = [rule.parameter for rule in self.rules if rule.parameter]
        return tuple(dict.fromkeys([*names, *self.switches]))


def _q(*columns: str) -> tuple[str, ...]:
    return tuple(f"quality.{column}" for column in columns)


def _ratio(reason: str, above: str, below: str, comparison: Comparison, threshold: float, parameter: str, **more: Any) -> Rule:
    return Rule(reason, _q(above), comparison, threshold, _q(below), parameter, **more)


def _count(reason: str, column: str, comparison: Comparison, threshold: float, parameter: str = "", **more: Any) -> Rule:
    return Rule(reason, _q(column), comparison, threshold, (), parameter, **more)


def _top(n: int, threshold: float) -> Rule:
    guard = (Guard("quality.words", ">=", n),)  # a text of fewer words has no n-gram, and the rule is not asked
    return _ratio(f"top_{n}_gram", f"top_{n}_gram_chars", "characters", ">", threshold, "top_n_grams", falsy_disables=False, guard=guard)


def _dup(n: int, threshold: float) -> Rule:
    column = f"dup_{n}_gram_chars"
    return _ratio(f"duplicated_{n}_n_grams", column, "characters", ">", threshold, "dup_n_grams", falsy_disables=False)


_FAMILIES = {"top_n_grams": (_top, range(2, 5)), "dup_n_grams": (_dup, range(5, 11))}

_NOT_EMPTY = (Guard("quality.characters", ">", 0),)  # datatrove asks an empty text nothing more

_REPETITION = Table(
    (
        _count("empty", "characters", "=", 0),
        _ratio("dup_para_frac", "dup_paragraphs", "paragraphs", ">", 0.3, "dup_para_frac", guard=_NOT_EMPTY),
        _ratio("dup_para_char_frac", "dup_paragraph_chars", "characters", ">", 0.2, "dup_para_char_frac"),
        _ratio("dup_line_frac", "dup_lines", "newline_lines", ">", 0.3, "dup_line_frac", guard=_NOT_EMPTY),
        _ratio("dup_line_char_frac", "dup_line_chars", "characters", ">", 0.2, "dup_line_char_frac"),
        *(_top(n, threshold) for n, threshold in ((2, 0.2), (3, 0.18), (4, 0.16))),
        *(_dup(n, threshold) for n, threshold in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))),
    ),
)

_QUALITY = Table(
    (
        _count("gopher_short_doc", "core_words", "<", 50, "min_doc_words"),
        _count("gopher_long_doc", "core_words", ">", 100000, "max_doc_words"),
        _ratio("gopher_below_avg_threshold", "core_characters", "core_words", "<", 3, "min_avg_word_length"),
        _ratio("gopher_above_avg_threshold", "core_characters", "core_words", ">", 10, "max_avg_word_length"),
        _ratio("gopher_too_many_hashes", "hashes", "words", ">", 0.1, "max_symbol_word_ratio"),
        _ratio("gopher_too_many_ellipsis", "ellipses", "words", ">", 0.1, "max_symbol_word_ratio"),
        _ratio("gopher_too_many_bullets", "bullet_lines", "lines", ">", 0.9, "max_bullet_lines_ratio"),
        _ratio("gopher_too_many_end_ellipsis", "ellipsis_lines", "lines", ">", 0.3, "max_ellipsis_lines_ratio"),
        _ratio("gopher_below_alpha_threshold", "alpha_words", "words", "<", 0.8, "max_non_alpha_words_ratio"),
        _count("gopher_enough_stop_words", "stop_words", "<", 2, "min_stop_words"),
    ),
    fixed=("language", "exclusion_writer", "stop_words"),
)

_C4_FIXED = (
    *("language", "exclusion_writer", "split_paragraph", "remove_citations", "filter_no_terminal_punct", "min_words_per_line"),
    *("max_word_length", "filter_lorem_ipsum", "filter_javascript", "filter_curly_bracket", "filter_policy"),
)


def _c4(prefix: str, keeps_unterminated_lines: bool) -> Table:
    # A blocked document was left at the blocking line, so its sentences were never counted.
    sentences = Rule(
        "too_few_sentences",
        _q(f"{prefix}_sentences"),
        "<",
        5,
        (),
        "min_num_sentences",
        False,
        (Guard(f"quality.{prefix}_blocker", "=", 0),),
    )
    rules = (_count("lorem_ipsum", f"{prefix}_blocker", "=", 1), _count("curly_bracket", f"{prefix}_blocker", "=", 2), sentences)
    return Table(rules, cleaned=f"quality.{prefix}_sha256", keeps_unterminated_lines=keeps_unterminated_lines, fixed=_C4_FIXED)


_FINEWEB = Table(
    (
        _count("empty", "fineweb_lines", "=", 0),
        _ratio("line_punct_ratio", "fineweb_terminal_lines", "fineweb_lines", "<", 0.12, "line_punct_thr", falsy_disables=False),
        _ratio("short_line_ratio", "fineweb_short_lines", "fineweb_lines", ">", 0.67, "short_line_thr", falsy_disables=False),
        _ratio("char_dup_ratio", "fineweb_dup_line_chars", "fineweb_characters", ">", 0.01, "char_duplicates_ratio", falsy_disables=False),
        _ratio("list_ratio", "newlines", "words", ">", 0.3, "new_line_ratio", falsy_disables=False),
    ),
    switches={"line_punct_exclude_zero": ("line_punct_ratio", Guard("quality.fineweb_terminal_lines", ">", 0))},
    fixed=("language", "exclusion_writer", "stop_chars", "short_line_length"),
)

RULE_SETS: Mapping[str, Table] = {
    f"{VERSION}/gopher-repetition": _REPETITION,
    f"{VERSION}/gopher-quality": _QUALITY,
    f"{VERSION}/c4": _c4("c4", keeps_unterminated_lines=False),
    f"{VERSION}/c4-no-terminal": _c4("c4nt", keeps_unterminated_lines=True),
    f"{VERSION}/fineweb": _FINEWEB,
}


def build(name: str, overrides: Mapping[str, Any] | None = None) -> RuleSet:
    """Build a published rule set, with thresholds replaced by datatrove's own parameter names.

    A rule set that differs from the published one gets a suffix, so that it never passes for it.
    """
    table = RULE_SETS[name] if name in RULE_SETS else _unknown("rule set", name, RULE_SETS)
    rules = table.rules
    for parameter, value in (overrides or {}).items():
        _check_parameter(name, table, parameter)
        rules = _override(table, rules, parameter, value)
    label = name if rules == table.rules else name + _suffix(overrides or {})
    tests = tuple(rule for rule in rules if rule.active)
    return RuleSet(label, tests, table.made_for, table.cleaned, table.keeps_unterminated_lines)


def custom_rule(reason: str, value: str, remove: str) -> Rule:
    """Build a rule from its declared form: `value = "bullet_lines / lines"`, `remove = "> 0.5"`."""
    check_name("reason", reason)
    matched = _VALUE.fullmatch(value)
    if matched is None:
        raise ValueError(f"value {value!r} is not `column`, `column / column` or sums of columns such as `hashes + ellipses / words`")
    above, below = (tuple(known_column(part) for part in side.split("+")) if side else () for side in matched.groups())
    comparison, threshold = parse_condition(remove)
    if isinstance(threshold, str):
        raise ValueError(f"remove {remove!r} must compare with a number, as in '> 0.5'")
    return Rule(reason, above, comparison, threshold, below, parameter=reason, falsy_disables=False)


def metadata_rules(conditions: Mapping[str, str]) -> tuple[MetadataRule, ...]:
    """Build the tests of `[audit.corpus-quality.metadata]`: field = condition that a kept document meets."""
    rules: list[MetadataRule] = []
    for name, condition in conditions.items():
        comparison, value = parse_condition(condition)
        if isinstance(value, str) and comparison not in ("=", "!="):
            raise ValueError(f"metadata rule {name!r}: {condition!r} compares text; only == and != do")
        rules += [MetadataRule(name, comparison, value, missing=True), MetadataRule(name, comparison, value)]
    return tuple(rules)


def parse_condition(text: str) -> tuple[Comparison, float | str]:
    """Read `>= 3`, `== en` or `!= 'spam'`."""
    matched = _CONDITION.fullmatch(text)
    if matched is None:
        raise ValueError(f"condition {text!r} must be a comparison and a value, as in '>= 3' (one of > < >= <= == !=)")
    comparison, value = matched.group(1).replace("==", "="), matched.group(2)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return cast("Comparison", comparison), value[1:-1]
    try:
        number = float(value)
    except ValueError:
        return cast("Comparison", comparison), value
    if number != number:
        raise ValueError(f"condition {text!r}: nan compares with nothing")
    return cast("Comparison", comparison), number


def check_name(what: str, name: str) -> None:
    """Refuse a name that could not stand in a metric's slice."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r} must be made of letters, digits and . _ / + : - (it becomes part of metric names)")


def _check_parameter(name: str, table: Table, parameter: str) -> None:
    if parameter in table.fixed:
        raise ValueError(f"{parameter!r} of {name} {_READ}; it can change: {', '.join(table.parameters)}")
    if parameter not in table.parameters:
        _unknown(f"parameter of {name}:", parameter, table.parameters)


def _override(table: Table, rules: tuple[Rule, ...], parameter: str, value: Any) -> tuple[Rule, ...]:
    if parameter in _FAMILIES:
        return _override_family(rules, parameter, value)
    if parameter in table.switches:
        return _override_switch(table, rules, parameter, value)
    value = 0 if value is False or (value is None and _can_disable(rules, parameter)) else value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(
            f"{parameter} = {value!r} must be a number" + (", or 0 to switch the rule off" if _can_disable(rules, parameter) else "")
        )
    return tuple(replace(rule, threshold=value) if rule.parameter == parameter else rule for rule in rules)


def _override_family(rules: tuple[Rule, ...], parameter: str, value: Any) -> tuple[Rule, ...]:
    make, lengths = _FAMILIES[parameter]
    pairs = _pairs(parameter, value)
    wrong = [n for n, _ in pairs if n not in lengths]
    if wrong or len({n for n, _ in pairs}) < len(pairs):
        allowed = f"{lengths.start} to {lengths.stop - 1}"
        raise ValueError(f"{parameter} = {value!r}: lengths must be different and {allowed}; others were not counted while reading")
    first = next(i for i, rule in enumerate(rules) if rule.parameter == parameter)
    others = [rule for rule in rules if rule.parameter != parameter]
    return (*others[:first], *(make(n, threshold) for n, threshold in pairs), *others[first:])


def _pairs(parameter: str, value: Any) -> list[tuple[int, float]]:
    try:
        pairs = [(n, float(threshold)) for n, threshold in value]
    except (TypeError, ValueError):
        pairs = [(0.5, 0.0)]
    if any(not isinstance(n, int) for n, _ in pairs) or any(threshold != threshold for _, threshold in pairs):
        raise ValueError(f"{parameter} = {value!r} must be pairs of a length and a threshold, as in [[2, 0.2], [3, 0.18]]")
    return cast("list[tuple[int, float]]", pairs)


def _override_switch(table: Table, rules: tuple[Rule, ...], parameter: str, value: Any) -> tuple[Rule, ...]:
    if not isinstance(value, bool):
        raise ValueError(f"{parameter} = {value!r} must be true or false")
    reason, guard = table.switches[parameter]
    if not value:
        return rules
    return tuple(replace(rule, guard=(*rule.guard, guard)) if rule.reason == reason else rule for rule in rules)


def _can_disable(rules: Iterable[Rule], parameter: str) -> bool:
    return any(rule.parameter == parameter and rule.falsy_disables for rule in rules)


def _suffix(overrides: Mapping[str, Any]) -> str:
    """Name what was changed: readable while short, else a hash."""
    text = "+".join(f"{name}:{_flat(overrides[name])}" for name in sorted(overrides))
    return "+" + (text if len(text) <= 60 else hashlib.sha256(text.encode()).hexdigest()[:12])


def _flat(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ":".join(_flat(item) for item in value)
    return repr(value).lower() if isinstance(value, bool) else repr(value)


def _unknown(what: str, name: str, known: Iterable[str]) -> Any:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1) or [other for other in names if name in other][:1]
    raise ValueError(f"unknown {what} {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"))
