"""Who labels an answer: people (one or several), a judge that may say nothing, the classifier; and that what is missing is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alignment_support import one, row, saying

from fmaudit import ConfigError, Metric
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.model import Model
from fmaudit.testing import ask_suite, assert_results, by_name, codes, covered
from fmaudit_alignment.measures.refusal import measure_refusal
from fmaudit_alignment.recorded import answer_key, recorded_labels

REFUSAL = "I'm sorry, but I can't help with that."
HELP = "Sure. First open the settings, then choose the option you need and press save. That is all."


def written(path: Path, lines: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def prompts(folder: Path, safe: int, unsafe: int = 0) -> Path:
    lines = [{"id": f"s{i}", "prompt": f"safe {i}", "intent": "safe"} for i in range(safe)]
    return written(folder / "items.jsonl", lines + [{"id": f"u{i}", "prompt": f"unsafe {i}", "intent": "unsafe"} for i in range(unsafe)])


def answer(prompt: str) -> str:
    return REFUSAL if int(prompt.split()[1]) % 4 == 0 else HELP


# -- a file of labels --------------------------------------------------------------------------------------------------


def test_a_file_of_labels_that_is_not_there_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    audit = one("refusal", {"items": prompts(tmp_path, 5), "labels": tmp_path / "none.jsonl"})
    with pytest.raises(ConfigError, match=r"none\.jsonl cannot be read"):
        list(audit.cases())


def test_labels_of_prompts_that_are_not_asked_are_an_error(tmp_path: Path) -> None:
    labels = written(tmp_path / "l.jsonl", [{"prompt": f"other {i}", "completion": "x", "label": "comply"} for i in range(7)])
    with pytest.raises(ConfigError, match="none of its 7 prompts is asked by the suite refusal"):
        list(one("refusal", {"items": prompts(tmp_path, 5), "labels": labels}).cases())


@pytest.mark.parametrize(("matching", "told"), [(0, True), (5, True), (19, False), (20, False)])
def test_labels_of_other_answers_are_told_with_their_number(tmp_path: Path, matching: int, told: bool) -> None:
    lines = [
        {"prompt": f"safe {i}", "completion": answer(f"safe {i}") if i < matching else "another answer", "label": "comply"}
        for i in range(20)
    ]
    audit = one("refusal", {"items": prompts(tmp_path, 40), "labels": written(tmp_path / "l.jsonl", lines)})
    found, _ = ask_suite(audit, saying(answer))
    metric = by_name(found)["refusal_labels_found"]
    assert (metric.value, metric.n) == (matching / 20, 20)
    assert ("labels-seldom-match" in codes(found)) == told
    if told:
        finding = next(each for each in found if getattr(each, "code", "") == "labels-seldom-match")
        assert f"Of 20 answers to prompts in the labels file, {matching} are" in finding.sentence  # type: ignore[union-attr]


def test_white_space_around_texts_hinders_no_label(tmp_path: Path) -> None:
    labels = written(tmp_path / "l.jsonl", [{"prompt": "safe 0\n", "completion": f"  {HELP}\n", "label": "refuse"}])
    assert recorded_labels([labels], {})[answer_key("safe 0", HELP)].label == "refuse"


def test_whose_labels_the_rates_rest_on_is_said(tmp_path: Path) -> None:
    lines = [{"prompt": f"safe {i}", "completion": answer(f"safe {i}"), "label": "comply"} for i in range(12)]
    labels = written(tmp_path / "l.jsonl", lines)
    metrics = by_name(ask_suite(one("refusal", {"items": prompts(tmp_path, 40), "labels": labels}), saying(answer))[0])
    assert "12 as people labelled them; 28 as the classifier says" in metrics["over_refusal"].note
    metrics = by_name(ask_suite(one("refusal", {"items": prompts(tmp_path, 12), "labels": labels}), saying(answer))[0])
    assert metrics["over_refusal"].note == "full or partial refusals: as people labelled them"


# -- several annotators ------------------------------------------------------------------------------------------------


def test_of_several_labels_that_of_the_most_counts_and_a_tie_gives_none(tmp_path: Path) -> None:
    given = {"x": ["refuse", "refuse", "comply"], "y": ["comply", "refuse"], "z": ["partial"]}
    lines = [{"id": "same", "prompt": "p", "completion": text, "label": label, "rater": f"r{i}"}
             for text, labels in given.items() for i, label in enumerate(labels)]  # fmt: skip
    found = recorded_labels([written(tmp_path / "l.jsonl", lines)], {})
    assert {text: found["p", text].label for text in given} == {"x": "refuse", "y": None, "z": "partial"}
    assert found["p", "x"].said == {"r0": "refuse", "r1": "refuse", "r2": "comply"}


def test_labels_of_several_people_are_compared(tmp_path: Path) -> None:
    """Three people; one of them calls every second answer a refusal that the others do not."""
    lines = [
        {"prompt": f"safe {i}", "completion": answer(f"safe {i}"), "annotator": name, "label": label}
        for i in range(40)
        for name, label in (("ann", "comply"), ("bo", "comply"), ("cy", "refuse" if i % 2 else "comply"))
    ]
    audit = one("refusal", {"items": prompts(tmp_path, 40), "labels": written(tmp_path / "l.jsonl", lines)})
    found, _ = ask_suite(audit, saying(answer))
    assert_results(found)
    metrics = by_name(found)
    assert metrics["over_refusal"].value == 0.0
    assert metrics["annotator_agreement"].value == pytest.approx((20 * 3 + 20 * 1) / 120)
    assert metrics["annotator_divided_rate"].value is None  # three labels an answer: one voice is no camp
    assert "annotators-differ" in codes(found)
    contested = next(each for each in found if getattr(each, "name", "") == "refusal-contested")
    assert contested.data.num_rows == 20  # type: ignore[union-attr]
    assert set(contested.data.column("labels").to_pylist()) == {"comply 2, refuse 1"}  # type: ignore[union-attr]


# -- a judge that says nothing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suite", "silent", "told"), [("refusal", 0, False), ("refusal", 4, False), ("refusal", 30, True), ("fragility", 30, True)]
)
def test_answers_without_a_verdict_are_counted_and_have_the_classifiers_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str, silent: int, told: bool
) -> None:
    """A judge that gives its verdict on all but `silent` of 60 prompts, and always another one than the classifier's."""

    def verdict(prompt: str, sample: int) -> str:
        number = int(prompt.partition("<request>\nsafe ")[2].partition("\n")[0])
        return "Hard to say." if number < silent else "refuse" if HELP in prompt else "comply"

    monkeypatch.setattr(Model, "companion", lambda self, settings: Model(FakeBackend("fake:judge", answer=verdict)))
    own = {"refusal": {"items": prompts(tmp_path, 60), "by": "judge"}}
    extra = {"fragility": {"transforms": (), "items_per_intent": 60}} if suite == "fragility" else {}
    audit = one(suite, {**extra.get(suite, own["refusal"])}, judge={"j": {"uri": "fake:"}}, **({} if suite == "refusal" else own))
    found, rows = ask_suite(audit, saying(answer))
    metric = by_name(found)[f"{suite}_unjudged"]
    assert (metric.value, metric.n) == (pytest.approx(silent / 60), 60)
    assert (f"{suite}-unjudged" in codes(found)) == told
    for each in rows:
        number = int(each["item"][1:])
        refuses = number % 4 == 0
        assert each["label"] == ("refuse" if refuses == (number < silent) else "comply")
    if suite == "refusal":
        note = by_name(found)["over_refusal"].note
        assert (f"{silent} of them for want of a verdict" in note) == bool(silent)
        assert f"{60 - silent} as the judge says" in note


def test_without_a_judge_there_is_no_share_of_what_it_did_not_say(tmp_path: Path) -> None:
    assert "refusal_unjudged" not in by_name(ask_suite(one("refusal", {"items": prompts(tmp_path, 20)}), saying(answer))[0])


# -- warnings go by the bound ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("empty", "n", "told"), [(2, 12, False), (3, 20, False), (12, 40, True)])
def test_empty_answers_are_warned_of_by_the_bound(tmp_path: Path, empty: int, n: int, told: bool) -> None:
    audit = one("refusal", {"items": prompts(tmp_path, n)})
    found, _ = ask_suite(audit, saying(lambda prompt: "" if int(prompt.split()[1]) < empty else HELP))
    assert by_name(found)["refusal_empty"].value == pytest.approx(empty / n)
    assert ("answers-empty" in codes(found)) == told


# -- languages ---------------------------------------------------------------------------------------------------------


def spoken(rates: Mapping[str, float], samples: int, rng: np.random.Generator, n: int = 30, spread: float = 0.0) -> list[dict[str, Any]]:
    """Answers to the same prompts in several languages, several a prompt; `spread` makes prompts differ."""
    own = np.clip(rng.normal(0.0, spread, n), -0.4, 0.4) if spread else np.zeros(n)
    return [
        row(f"{language}{i}", condition="safe", language=language, sample=s, label="refuse" if rng.random() < rate + own[i] else "comply",
            detail=json.dumps({"parallel": str(i), "by": "classifier"}))
        for language, rate in rates.items() for i in range(n) for s in range(samples)
    ]  # fmt: skip


def by_language(rows: Sequence[Mapping[str, Any]]) -> Metric:
    return by_name(measure_refusal(rows, 10))["refusal_by_language{intent=safe,language=hi,reference=en}"]


def test_all_samples_of_a_prompt_count_in_the_comparison_of_languages() -> None:
    """The last sample of every prompt is a refusal in both languages, and the others are one in Hindi only."""
    rows = [
        row(f"{language}{i}", condition="safe", language=language, sample=s, label="refuse" if s == 3 or language == "hi" else "comply",
            detail=json.dumps({"parallel": str(i), "by": "classifier"}))
        for language in ("en", "hi") for i in range(20) for s in range(4)
    ]  # fmt: skip
    metric = by_language(rows)
    assert metric.value == pytest.approx(0.75)
    assert (metric.n, metric.n_clusters) == (160, 20)
    assert metric.interval is not None
    assert metric.interval.low > 0.4


def test_the_difference_between_languages_is_covered_with_prompts_that_differ() -> None:
    rng = np.random.default_rng(3)
    found = [by_language(spoken({"en": 0.4, "hi": 0.55}, 3, rng, 25, spread=0.15)) for _ in range(60)]
    assert covered(found, 0.15) >= 0.88


def test_an_empty_answer_is_no_compliance_in_the_comparison_of_languages() -> None:
    rows = spoken({"en": 1.0, "hi": 1.0}, 1, np.random.default_rng(1))
    silent = [{**each, "label": "empty"} if each["language"] == "hi" and int(each["item"][2:]) % 2 else each for each in rows]
    metric = by_language(silent)
    assert (metric.value, metric.n) == (0.0, 15)


def test_an_annotator_has_one_voice_and_not_two_that_differ(tmp_path: Path) -> None:
    line = {"prompt": "p", "completion": "c"}
    lines = [{**line, "annotator": who, "label": label} for who, label in (("a", "refuse"), ("a", "refuse"), ("b", "comply"))]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (given,) = recorded_labels([path], {}).values()
    assert given.said == {"a": "refuse", "b": "comply"}
    assert given.label is None  # two people, one label each
    path.write_text("\n".join(map(json.dumps, [*lines, {**line, "annotator": "a", "label": "comply"}])), encoding="utf-8")
    with pytest.raises(ConfigError, match="'a' gives the same answer the labels 'refuse' and 'comply'"):
        recorded_labels([path], {})
