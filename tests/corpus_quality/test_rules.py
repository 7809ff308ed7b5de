"""Rule sets in SQL decide exactly as datatrove's code does, threshold by threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_support import FakeObservations, documents
from quality_twin import DEFAULTS, TWINS

from fmaudit_corpus_quality.columns import QUALITY_COUNTS
from fmaudit_corpus_quality.rules import RuleSet, double
from fmaudit_corpus_quality.rulesets import RULE_SETS, build, custom_rule, metadata_rules, parse_condition

SETS = sorted(TWINS)


def random_counts(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Counts whose ratios stand on, just below and just above the thresholds as often as anywhere else."""
    rng = np.random.default_rng(seed)
    counts = {name: rng.integers(0, 400, rows) for name in QUALITY_COUNTS}
    for name in ("characters", "words", "core_words", "lines", "fineweb_lines", "fineweb_characters", "newline_lines", "paragraphs"):
        counts[name] = np.where(rng.random(rows) < 0.03, 0, rng.integers(1, 3000, rows))
    counts["paragraphs"] = np.maximum(counts["paragraphs"], 1)
    counts["newline_lines"] = np.maximum(counts["newline_lines"], 1)
    counts["core_words"] = np.where(rng.random(rows) < 0.3, rng.choice([0, 49, 50, 51, 99999, 100000, 100001], rows), counts["core_words"])
    counts["stop_words"] = rng.integers(0, 5, rows)
    for name in ("c4_sentences", "c4nt_sentences"):
        counts[name] = rng.integers(0, 9, rows)
    for name in ("c4_blocker", "c4nt_blocker"):
        counts[name] = rng.choice([0, 0, 0, 1, 2], rows)
    for table in RULE_SETS.values():
        for rule in table.rules:
            if rule.denominator:
                _near_threshold(counts, rule.numerator[0], rule.denominator[0], float(rule.threshold or 0), rng)
    return {name: np.where(counts["characters"] == 0, name in ("paragraphs", "newline_lines"), values) for name, values in counts.items()}


def _near_threshold(counts: dict[str, np.ndarray], above: str, below: str, threshold: float, rng: np.random.Generator) -> None:
    above, below = above.removeprefix("quality."), below.removeprefix("quality.")
    rows = len(counts[above])
    near = np.rint(counts[below] * threshold).astype(np.int64) + rng.integers(-1, 2, rows)
    low = (counts[below] * threshold * rng.random(rows)).astype(np.int64)
    pick = rng.random(rows)
    counts[above] = np.maximum(np.where(pick < 0.3, near, np.where(pick < 0.9, low, counts[above])), 0)


def replay(rule_set: RuleSet, counts: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    rows = len(counts["words"])
    seen = FakeObservations(documents(rows, quality=counts))
    query = f"SELECT {rule_set.keep()} AS keep, {rule_set.first_reason()} AS first, {rule_set.all_reasons()} AS reasons"
    return list(seen.sql(f'{query}, {rule_set.mask()} AS mask FROM documents ORDER BY "offset"').to_pylist())


def agree(rule_set: RuleSet, twin: str, parameters: Mapping[str, Any], counts: Mapping[str, np.ndarray]) -> set[str]:
    columns = {name: values.tolist() for name, values in counts.items()}
    met: set[str] = set()
    for i, row in enumerate(replay(rule_set, counts)):
        expected = TWINS[twin]({name: values[i] for name, values in columns.items()}, parameters)
        assert row["reasons"] == expected, (i, {name: values[i] for name, values in columns.items()})
        assert row["keep"] is (not expected)
        assert row["first"] == (expected[0] if expected else None)
        assert row["mask"] == sum(1 << rule_set.reasons.index(reason) for reason in expected)
        met.update(expected)
    return met


@pytest.mark.parametrize("name", SETS)
def test_sql_equals_python_on_counts_around_the_thresholds(name: str) -> None:
    rule_set = build(f"datatrove-0.10.1/{name}")
    met = agree(rule_set, name, DEFAULTS[name], random_counts(25_000, seed=SETS.index(name)))
    assert met == set(rule_set.reasons), "every rule must have been broken by some row"


@pytest.mark.parametrize("name", SETS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_sql_equals_python_at_any_threshold(name: str, data: st.DataObject) -> None:
    number = st.one_of(st.integers(0, 60), st.floats(-0.5, 3, allow_nan=False), st.just(0))
    overrides: dict[str, Any] = {}
    for parameter, default in DEFAULTS[name].items():
        if isinstance(default, bool):
            overrides[parameter] = data.draw(st.booleans())
        elif isinstance(default, tuple):
            lengths = data.draw(st.lists(st.sampled_from([n for n, _ in default]), unique=True))
            overrides[parameter] = tuple((n, data.draw(st.floats(-0.1, 1))) for n in lengths)
        else:
            overrides[parameter] = data.draw(number)
    agree(build(f"datatrove-0.10.1/{name}", overrides), name, overrides, random_counts(300, seed=data.draw(st.integers(0, 1000))))


def test_a_threshold_keeps_every_bit() -> None:
    seen = FakeObservations(documents(1))
    for value in (0.1, 0.3, 0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, float("inf"), -2.5, 3):
        assert seen.sql(f"SELECT {double(value)} AS x").to_pylist() == [{"x": float(value)}]
    with pytest.raises(ValueError, match="nan"):
        double(float("nan"))


@pytest.mark.parametrize("name", SETS)
def test_a_changed_rule_set_never_passes_for_datatroves(name: str) -> None:
    published = f"datatrove-0.10.1/{name}"
    assert build(published).name == published
    assert build(published, DEFAULTS[name]).name == published
    parameter = next(iter(DEFAULTS[name]))
    value = [[2, 0.5]] if "grams" in parameter else 0.77
    assert build(published, {parameter: value}).name == f"{published}+{parameter}:{'2:0.5' if 'grams' in parameter else '0.77'}"


def test_a_falsy_threshold_switches_off_what_datatrove_switches_off() -> None:
    quality = build("datatrove-0.10.1/gopher-quality", {"max_symbol_word_ratio": 0, "min_stop_words": False})
    assert not {"gopher_too_many_hashes", "gopher_too_many_ellipsis", "gopher_enough_stop_words"} & set(quality.reasons)
    assert "short_line_ratio" in build("datatrove-0.10.1/fineweb", {"short_line_thr": 0}).reasons
    assert build("datatrove-0.10.1/gopher-repetition", {"top_n_grams": [], "dup_n_grams": [[10, 0], [5, 0.5]]}).reasons[-2:] == (
        "duplicated_10_n_grams",
        "duplicated_5_n_grams",
    )


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("gopher-quality", {"max_non_alpha_word_ratio": 0.7}, "did you mean 'max_non_alpha_words_ratio'"),
        ("gopher-quality", {"stop_words": ["the"]}, "fixed while the corpus is read"),
        ("gopher-quality", {"min_doc_words": "50"}, "must be a number, or 0 to switch"),
        ("gopher-quality", {"min_doc_words": True}, "must be a number"),
        ("fineweb", {"line_punct_thr": float("nan")}, "must be a number"),
        ("fineweb", {"line_punct_exclude_zero": 1}, "must be true or false"),
        ("fineweb", {"short_line_length": 20}, "fixed while the corpus is read"),
        ("gopher-repetition", {"top_n_grams": [[7, 0.2]]}, "2 to 4"),
        ("gopher-repetition", {"top_n_grams": [[2, 0.2], [2, 0.3]]}, "different"),
        ("gopher-repetition", {"dup_n_grams": 0.3}, "pairs"),
        ("gopher-repetition", {"dup_n_grams": [["5", 0.3]]}, "pairs"),
        ("c4", {"min_num_sentence": 3}, "did you mean 'min_num_sentences'"),
        ("gopher-qualty", {}, "did you mean 'datatrove-0.10.1/gopher-quality'"),
    ],
)
def test_a_wrong_threshold_is_refused_with_a_way_out(name: str, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(f"datatrove-0.10.1/{name}", overrides)


def test_cleaned_text_is_named_only_where_it_is_kept() -> None:
    counts = {name: values[:3] for name, values in random_counts(3, seed=9).items()}
    counts["c4_blocker"], counts["c4_sentences"] = np.array([0, 1, 0]), np.array([5, 9, 4])
    hashes = pa.array([bytes(range(32)), None, None], pa.binary(32))
    seen = FakeObservations(documents(3, quality={**counts, "c4_sha256": hashes}))
    expression = build("datatrove-0.10.1/c4").cleaned_sha256()
    assert [row["x"] for row in seen.sql(f"SELECT {expression} AS x FROM documents").to_pylist()] == [bytes(range(32)).hex(), None, None]


def test_a_custom_rule_is_a_small_declared_form() -> None:
    rule = custom_rule("shouting", "hashes + ellipses / words", "> 0.25")
    counts = {"hashes": [1, 1, 0], "ellipses": [1, 0, 0], "words": [4, 4, 0]}
    seen = FakeObservations(documents(3, quality=counts))
    assert [row["x"] for row in seen.sql(f"SELECT {rule.violated()} AS x FROM documents").to_pylist()] == [True, False, False]


@pytest.mark.parametrize(
    ("reason", "value", "remove", "message"),
    [
        ("r", "word / lines", "> 1", "did you mean 'words'"),
        ("r", "words); DROP TABLE documents; --", "> 1", "is not `column`"),
        ("r", "words", "> 1; DROP TABLE documents", "must compare with a number"),
        ("r", "words", "1", "must be a comparison"),
        ("r'--", "words", "> 1", "letters, digits"),
        ("r", "c4_sha256", "> 1", "unknown column"),
    ],
)
def test_a_custom_rule_cannot_carry_sql(reason: str, value: str, remove: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        custom_rule(reason, value, remove)


def test_metadata_rules_keep_webtexts_karma() -> None:
    rules = RuleSet("metadata", metadata_rules({"karma": ">= 3", 'we"ird': "!= spam's"}))
    meta = {"karma": ["2", "3", None, "three", "nan", " 4 "], 'we"ird': ["ok", "ok", "ok", "spam's", "ok", None]}
    seen = FakeObservations(documents(6, meta=meta))
    rows = seen.sql(f'SELECT {rules.all_reasons()} AS x FROM documents ORDER BY "offset"').to_pylist()
    assert [row["x"] for row in rows] == [
        ["karma"],
        [],
        ["karma (missing)"],
        ["karma (missing)", 'we"ird'],
        ["karma (missing)"],
        ['we"ird (missing)'],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(">= 3", (">=", 3.0)), ("<1e-3", ("<", 0.001)), ("== en", ("=", "en")), ("!= '3'", ("!=", "3")), (" > -2 ", (">", -2.0))],
)
def test_conditions_are_read_as_written(text: str, expected: tuple[str, Any]) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("text", ["3", "=> 3", ">", "> nan", ""])
def test_a_condition_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="condition"):
        parse_condition(text)
    with pytest.raises(ValueError, match=r"text|condition"):
        metadata_rules({"score": ">= high" if text == "3" else text})
