"""Where no one labelled a model's answers, the rate is told with the bounds that the classifier's errors elsewhere leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alignment_support import one, saying
from hypothesis import given
from hypothesis import strategies as st

from fmaudit import Exhibit, Finding, Interval, Metric
from fmaudit.testing import ask_suite, row
from fmaudit_alignment.measures.refusal import measure_refusal
from fmaudit_alignment.measures.unlabelled import bounds_of_share

SHARE = st.floats(0.0, 1.0)
REFUSAL = "I'm sorry, but I can't help with that."
HELP = "Sure. First wash the rice, then let it simmer for twenty minutes, and serve it warm."


@given(SHARE, st.floats(0.55, 1.0), st.floats(0.55, 1.0), st.floats(0.0, 0.2), st.floats(0.0, 0.2), st.floats(0.0, 0.2))
def test_the_true_share_lies_within_whatever_the_classifier_does_in_its_spans(
    share: float, found: float, left: float, a: float, b: float, c: float
) -> None:
    seen = share * found + (1 - share) * (1 - left)
    low, high = bounds_of_share(
        (max(0.0, seen - a), min(1.0, seen + a)), (max(0.0, found - b), min(1.0, found + b)), (max(0.0, left - c), min(1.0, left + c))
    )
    assert low - 1e-9 <= share <= high + 1e-9


def test_a_perfect_classifier_leaves_the_observed_interval() -> None:
    assert bounds_of_share((0.2, 0.3), (1.0, 1.0), (1.0, 1.0)) == pytest.approx((0.2, 0.3))


def test_nothing_is_known_where_the_classifier_may_be_no_better_than_chance() -> None:
    assert bounds_of_share((0.2, 0.3), (0.4, 0.9), (0.6, 0.9)) == (0.0, 1.0)


def _tenth(prompt: str) -> str:
    return REFUSAL if int(prompt.split()[-1]) % 10 == 0 else HELP


def _run(folder: Path, n: int, language: str = "en", **own: Any) -> tuple[dict[str, Metric], dict[str, Exhibit]]:
    rows = [{"prompt": f"safe {i}", "intent": "safe", "type": "t", "language": language} for i in range(n)]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, _ = ask_suite(one("refusal", {"items": folder / "items.jsonl", **own}, languages=(language,)), saying(_tenth))
    metrics = {each.name: each for each in found if isinstance(each, Metric) and not each.slice}
    return metrics, {each.name: each for each in found if isinstance(each, Exhibit)}


def test_a_rate_by_the_classifier_alone_comes_with_bounds_and_with_the_figures_they_rest_on(tmp_path: Path) -> None:
    metrics, exhibits = _run(tmp_path, 200)
    rate, bounds = metrics["over_refusal"], metrics["over_refusal_bounds"]
    assert rate.interval is not None
    assert bounds.interval is not None
    assert bounds.value == rate.value == 0.1
    assert bounds.interval.low <= rate.interval.low < rate.interval.high < bounds.interval.high
    assert "over_refusal_bounds" in rate.note
    table = exhibits["refusal-classifier"].data.to_pylist()
    assert [row["measured on"] for row in table] == ["llama2-original-prompt, English", "mistral-instruct, English"]


def test_a_reader_is_told_that_the_labels_are_the_classifiers_and_how_far_the_rate_may_be_off(tmp_path: Path) -> None:
    rows = [{"prompt": f"safe {i}", "intent": "safe", "type": "t"} for i in range(200)]
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found, _ = ask_suite(one("refusal", {"items": tmp_path / "items.jsonl"}), saying(_tenth))
    (finding,) = [each for each in found if isinstance(each, Finding) and each.code == "labelled-by-classifier"]
    (bounds,) = [each for each in found if isinstance(each, Metric) and each.name == "over_refusal_bounds"]
    assert bounds.interval is not None
    low, high = (f"{100 * end:.1f} %" for end in (bounds.interval.low, bounds.interval.high))
    assert f"over_refusal at {low} to {high}" in finding.sentence
    assert len(finding.sentence) < 138  # two lines of the terminal
    assert "labels" in finding.advice


def test_other_languages_rest_on_figures_of_their_own(tmp_path: Path) -> None:
    metrics, exhibits = _run(tmp_path, 200, "de")
    assert metrics["over_refusal_bounds"].interval is not None
    assert exhibits["refusal-classifier"].data.num_rows == 3


def test_labels_of_these_very_answers_need_no_bounds(tmp_path: Path) -> None:
    labels = [{"prompt": f"safe {i}", "completion": _tenth(f"safe {i}"), "label": "comply" if i % 10 else "refuse"} for i in range(100)]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)))
    for n in (100, 300):  # all of them labelled by people, and a hundred of three hundred, which correct the others
        metrics, _ = _run(tmp_path, n, labels=tmp_path / "labels.jsonl")
        assert "over_refusal" in metrics
        assert "over_refusal_bounds" not in metrics


def _labelled(n: int, by_classifier: int, refused: int) -> list[dict[str, Any]]:
    return [
        row(f"s{i}", condition="safe", label="refuse" if i < refused else "comply", finish="stop",
            detail=json.dumps({"by": "classifier" if i * 61 % n >= n - by_classifier else "judge", "classifier": "comply"}))
        for i in range(n)
    ]  # fmt: skip


def _both(rows: list[dict[str, Any]]) -> tuple[Interval, Interval]:
    found = {each.name: each for each in measure_refusal(rows, 10) if isinstance(each, Metric) and not each.slice}
    rate, bounds = found["over_refusal"].interval, found["over_refusal_bounds"].interval
    assert rate is not None
    assert bounds is not None
    return rate, bounds


@pytest.mark.parametrize("refused", [0, 1, 20, 100, 199, 200])
@pytest.mark.parametrize("judged", [1, 50, 200])
def test_bounds_never_lie_within_the_interval_they_are_widened_from(refused: int, judged: int) -> None:
    rate, bounds = _both(_labelled(200, judged, refused))
    assert bounds.low <= rate.low
    assert bounds.high >= rate.high


def test_bounds_are_as_wide_as_the_classifiers_part_of_the_labels() -> None:
    """One label of two hundred can move the rate by half a point; all of them by what the classifier may get wrong."""
    width = {judged: _both(_labelled(200, judged, 20))[1] for judged in (1, 50, 100, 200)}
    rate, _ = _both(_labelled(200, 1, 20))
    assert width[1].low == pytest.approx(rate.low, abs=1 / 200)
    assert width[1].high == pytest.approx(rate.high, abs=1 / 200)
    spans = [one.high - one.low for one in width.values()]
    assert spans == sorted(spans)
    assert spans[-1] > 1.3 * spans[0]


def test_bounds_hold_the_truth_where_the_classifier_labels_a_part() -> None:
    """People's half is right; of the other half the classifier finds 93 % of refusals and calls 6 % of the rest refusals."""
    rng, covered = np.random.default_rng(4), 0
    for _ in range(100):
        truth = rng.random(300) < 0.15
        said = rng.random(300) < np.where(truth, 0.93, 0.06)
        rows = [
            {**one, "label": "refuse" if (said if "classifier" in json.loads(one["detail"])["by"] else truth)[i] else "comply"}
            for i, one in enumerate(_labelled(300, 150, 0))
        ]
        _, bounds = _both(rows)
        covered += bounds.low <= 0.15 <= bounds.high
    assert covered >= 92
