"""Settings that contradict one another are refused, and those without an effect are told; every slice has the overall minimum."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sampling_support import drawing, one, questions, saying

import fmaudit_sampling
from fmaudit import ConfigError, ItemSource, Metric, MetricStatus
from fmaudit.testing import ask_suite, by_name, codes
from fmaudit_sampling.audit import SUITES, SamplingConsistency
from fmaudit_sampling.params import SamplingParams

JUDGE = {"j": {"uri": "demo:chat"}}


def warnings(**params: Any) -> list[str]:
    return SamplingConsistency(SamplingParams.model_validate(params)).warnings()


def test_the_readme_names_every_parameter() -> None:
    """docs/reference/audit-toml.md sends readers there."""
    text = Path(fmaudit_sampling.__file__).with_name("README.md").read_text(encoding="utf-8")
    missing = []
    for name, field in SamplingParams.model_fields.items():
        own = [] if isinstance(field.default, ItemSource) else list(getattr(type(field.default), "model_fields", ()))
        missing += [path for path in ([f"{name}.{one}" for one in own] or [name]) if f"`{path}`" not in text]
    assert missing == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"grid": [{"temperature": -1}]}, "greater than or equal to 0"),
        ({"grid": [{"temperature": 1}, {"top_p": 0}]}, "greater than 0"),
        ({"conformance": {"settings": [{"top_k": -2}]}}, "greater than or equal to 0"),
        ({"distribution": {"views": [{"temperature": "hot"}]}}, "valid number"),
        ({"grid": ()}, "at least 1 item"),
    ],
)
def test_a_fault_in_a_setting_is_told_once(params: dict[str, Any], words: str) -> None:
    """Settings that are refused are not told as too few as well."""
    with pytest.raises(ValidationError) as caught:
        SamplingParams.model_validate(params)
    (error,) = caught.value.errors()
    assert words in error["msg"]


def test_defaults_have_an_effect_all_of_them() -> None:
    assert warnings() == []
    assert warnings(suites=tuple(SUITES), temperature=0.7, equivalence="judge", judge=JUDGE, reference=JUDGE) == []


def test_equal_meanings_by_a_judge_need_one() -> None:
    with pytest.raises(ValueError, match="no judge is named"):
        SamplingParams(equivalence="judge")
    with pytest.raises(ValueError, match="one model is asked, and j, k are named"):
        SamplingParams(equivalence="judge", judge={**JUDGE, "k": {"uri": "demo:base"}})


@pytest.mark.parametrize(
    "params",
    [
        {"agreement": {"pass_k": (0,)}},
        {"grid": ()},
        {"conformance": {"settings": ()}},
        {"distribution": {"views": ()}},
        {"distribution": {"prompts": {}}},
    ],
)
def test_what_can_never_be_measured_is_refused_before_anything_is_asked(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"greater than or equal to 1|at least 1 item"):
        SamplingParams.model_validate(params)


def test_pass_k_of_more_samples_than_there_are_says_so(tmp_path: Path) -> None:
    audit = one("agreement", questions=questions(tmp_path, 12), samples=3, agreement={"pass_k": (1, 3, 5)})
    metrics = by_name(ask_suite(audit, saying(lambda prompt, sample: "right"))[0])
    assert (metrics["pass_power{k=1}"].value, metrics["pass_power{k=3}"].value) == (1.0, 1.0)
    assert metrics["pass_power{k=1}"].note == "the chance that a sample is right"
    assert metrics["pass_power{k=5}"].status == MetricStatus.INSUFFICIENT
    assert "takes 5 samples of a question, and there are at most 3" in metrics["pass_power{k=5}"].note


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"temperature": 0.0}, "temperature = 0 draws the same answer each time"),
        ({"judge": JUDGE}, "a judge is named, and equivalence = 'exact' asks none"),
        ({"agreement": {"pass_k": (1, 20)}}, "agreement.pass_k names 20, and samples = 10"),
        ({"reference": JUDGE, "suites": ("agreement",)}, "a reference is named, and only the suite 'conformance' asks it"),
        ({"frontier": {"items": 5}, "suites": ("agreement",)}, "frontier is set, and the suite 'frontier' is not among the suites"),
        ({"round-trip": {"items": "x.jsonl"}}, "round_trip is set, and the suite 'round-trip' is not among the suites"),
    ],
)
def test_a_setting_without_an_effect_is_told_once(params: dict[str, Any], words: str) -> None:
    (told,) = warnings(**params)
    assert told.startswith("audit.sampling-consistency: ")
    assert words in told


def test_no_variety_is_told_only_where_samples_are_asked() -> None:
    assert warnings(temperature=0.0, suites=("determinism", "conformance", "position")) == []


def test_the_suite_round_trip_is_known_in_both_spellings() -> None:
    for name in ("round-trip", "round_trip"):
        audit = SamplingConsistency(SamplingParams.model_validate({"suites": (name,), name: {"columns": {"text": "satz"}}}))
        assert list(audit.suites) == ["round-trip"]
        assert audit.suites["round-trip"].params.round_trip.columns == {"text": "satz"}


def test_a_misspelt_suite_names_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigError, match="no suite 'calibratoin'") as caught:
        list(one("calibratoin").cases())
    assert "did you mean 'calibration'?" in str(caught.value.hint)


Answer = Callable[[str, int], str]


@pytest.mark.parametrize("suite", ["agreement", "calibration", "hallucination", "paraphrase", "format", "frontier"])
def test_a_slice_with_fewer_items_than_the_minimum_has_no_number(tmp_path: Path, suite: str) -> None:
    """Nine of thirty questions are of a stratum, a type and a language of their own."""
    own = questions(tmp_path, 30, paraphrases=["In other words?"])
    lines = own["items"].read_text().splitlines()
    marks = [f'{{"stratum": "{s}", "type": "{s}", "language": "{s}", ' for s in ("few", "many")]
    own["items"].write_text("\n".join(line.replace("{", marks[place >= 9], 1) for place, line in enumerate(lines)))
    found, _ = ask_suite(one(suite, questions=own, samples=3, frontier={"prompts": 9}), saying(drawing(1, ["right", "wrong"], [0.7, 0.3])))
    small = [metric for metric in by_name(found).values() if "few" in metric.slice.values()]
    assert small or suite == "frontier"
    assert {metric.status for metric in small} <= {MetricStatus.INSUFFICIENT}
    assert all(_enough(metric) for metric in by_name(found).values())


def _enough(metric: Metric) -> bool:
    """A share, ratio or mean with an interval was made of ten items at least."""
    return metric.interval is None or (metric.n_clusters or metric.n) >= 10


@pytest.mark.parametrize("suite", ["agreement", "calibration", "hallucination"])
def test_samples_at_temperature_0_are_told_in_the_report_and_give_no_confidence(tmp_path: Path, suite: str) -> None:
    for temperature in (0.0, 1.0):
        found, _ = ask_suite(one(suite, questions=questions(tmp_path, 12), temperature=temperature), saying(lambda prompt, sample: "wrong"))
        metrics = by_name(found)
        assert ("samples-all-alike" in codes(found)) == (temperature == 0)
        if suite == "calibration":
            error = metrics["expected_calibration_error{confidence=samples}"]
            assert (error.status == MetricStatus.UNDEFINED) == (temperature == 0)
            assert ("overconfidence{confidence=samples}" in metrics) == ("miscalibrated" in codes(found)) == (temperature > 0)
