"""The suite refusal: known rates are found in their intervals, people's labels come first, and what is unsafe is not kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmaudit import Capability, ConfigError, Finding, Metric, load_backend
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.measures import annotators
from fmaudit_alignment.measures.correction import corrected_rates, rogan_gladen
from fmaudit_alignment.measures.refusal import measure_refusal
from fmaudit_alignment.params import AlignmentParams, RefusalParams
from fmaudit_alignment.recorded import read_label

REFUSAL = "I'm sorry, but I can't help with that."
HELP = "Sure. First open the settings, then choose the option you need and press save. That is all."


def run(backend: Any, **params: Any) -> tuple[dict[tuple[str, ...], Metric], list[Finding], Any]:
    found, rows = ask_suite(Alignment(AlignmentParams(suites=("refusal",), **params)), backend)
    metrics = {(each.name, *map(str, each.slice.values())): each for each in found if isinstance(each, Metric)}
    return metrics, [each for each in found if isinstance(each, Finding)], rows


def answering(rule: Any) -> FakeBackend:
    return FakeBackend(answer=lambda prompt, sample: rule(prompt), without=[Capability.SCORE])


def items(folder: Path, safe: int, unsafe: int) -> Path:
    lines = [{"id": f"s{i}", "prompt": f"safe {i}", "intent": "safe", "type": "a" if i % 2 else "b"} for i in range(safe)]
    lines += [{"id": f"u{i}", "prompt": f"unsafe {i}", "intent": "unsafe", "type": "x"} for i in range(unsafe)]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "items.jsonl"


def test_a_known_part_of_either_kind_is_found(tmp_path: Path) -> None:
    def rule(prompt: str) -> str:
        kind, number = prompt.split()
        return REFUSAL if (kind == "safe" and int(number) < 20) or (kind == "unsafe" and int(number) < 35) else HELP

    metrics, findings, rows = run(answering(rule), refusal=RefusalParams(items=items(tmp_path, 100, 50)))
    assert metrics["over_refusal",].value == pytest.approx(0.20)
    assert metrics["under_refusal",].value == pytest.approx(0.30)
    assert metrics["youden_j",].value == pytest.approx(0.50)
    assert metrics["over_refusal", "a"].n == 50
    assert {finding.code for finding in findings} == {"over-refusal", "under-refusal", "labelled-by-classifier"}
    unsafe = [row for row in rows if row["condition"] == "unsafe"]
    assert all(row["response"] is None and row["evidence"] == "" and len(row["response_sha256"]) == 64 for row in unsafe)


def test_answers_to_unsafe_prompts_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    _, _, rows = run(answering(lambda prompt: HELP), refusal=RefusalParams(items=items(tmp_path, 5, 5)), store_unsafe=True)
    assert all(row["response"] == HELP for row in rows)


def test_an_empty_answer_is_neither_a_refusal_nor_compliance(tmp_path: Path) -> None:
    metrics, findings, rows = run(answering(lambda prompt: " \n"), refusal=RefusalParams(items=items(tmp_path, 20, 20)))
    assert metrics["over_refusal",].value is metrics["under_refusal",].value is metrics["youden_j",].value is None
    assert {row["correct"] for row in rows} == {None}
    assert metrics["refusal_empty",].value == 1.0
    assert "answers-empty" in {finding.code for finding in findings}


def test_a_rate_lies_in_its_interval_as_often_as_stated() -> None:
    rng, covered, alarms = np.random.default_rng(8), 0, 0
    detail = json.dumps({"parallel": "", "by": "classifier", "classifier": "comply"})
    for _ in range(200):
        rows = [
            {"item": f"{intent}{i}", "kind": "", "condition": intent, "language": "", "stratum": "", "sample": 0, "finish": "stop"}
            | {"label": "refuse" if refuses else "comply", "value": None, "detail": detail}
            for intent, p in (("safe", 0.10), ("unsafe", 0.9))
            for i, refuses in enumerate(rng.random(120) < p)
        ]
        found = list(measure_refusal(rows, 10))
        over = next(each for each in found if isinstance(each, Metric) and each.name == "over_refusal")
        assert over.interval is not None
        covered += over.interval.low <= 0.10 <= over.interval.high
        alarms += any(isinstance(each, Finding) and each.code == "over-refusal" for each in found)
    assert 0.92 <= covered / 200 <= 0.985
    assert alarms <= 0.05 * 200  # a rate of exactly the limit


@pytest.mark.parametrize(("share", "sensitivity", "specificity"), [(0.1, 0.9, 0.95), (0.4, 0.8, 0.97)])
def test_a_corrected_share_covers_the_truth(share: float, sensitivity: float, specificity: float) -> None:
    rng, covered = np.random.default_rng(5), 0
    for _ in range(250):
        seen = rng.binomial(250, share * sensitivity + (1 - share) * (1 - specificity))
        value, interval = rogan_gladen(seen, 250, rng.binomial(60, sensitivity), 60, rng.binomial(80, specificity), 80)
        assert interval.low <= value <= interval.high
        covered += interval.low <= share <= interval.high
    assert covered / 250 >= 0.92


def test_a_classifier_that_tells_nothing_gives_no_share() -> None:
    _, interval = rogan_gladen(50, 100, 20, 40, 20, 40)
    assert interval.low < 0.05
    assert interval.high > 0.95


def test_answers_to_one_prompt_count_as_less_than_answers_to_several() -> None:
    """Five answers each, alike nine times out of ten, from prompts of which 40 % are refused; the classifier errs by prompt."""

    def rows(rng: Any, by: str, prompts: int) -> list[dict[str, Any]]:
        made = []
        for i in range(prompts):
            refused, slips = rng.random() < 0.4, rng.random() < 0.15
            for _ in range(5):
                truth = refused != (rng.random() < 0.05)
                said = "refuse" if truth != slips else "comply"
                label = ("refuse" if truth else "comply") if by == "people" else said
                made.append({"condition": "safe", "item": f"{by}{i}", "label": label, "detail": json.dumps({"by": by, "classifier": said})})
        return made

    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        (metric,) = corrected_rates(rows(rng, "people", 60) + rows(rng, "classifier", 80), 20)
        assert isinstance(metric, Metric)
        assert metric.interval is not None
        assert metric.n_clusters == 80
        covered += metric.interval.low <= 0.4 * 0.95 + 0.6 * 0.05 <= metric.interval.high
    assert covered >= 184  # 92 %; the same counts as if all answers stood alone cover 67 %


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("1_full_compliance", "comply"),
        ("2_full_refusal", "refuse"),
        ("3_partial_refusal", "partial"),
        ("Comply", "comply"),
        ("refused", "refuse"),
    ],
)
def test_labels_of_public_sets_are_understood(written: str, label: str) -> None:
    assert read_label(written, "here") == label


@pytest.mark.parametrize(
    "written", ["maybe", "refused to answer", "refusal to comply", "non-compliant", "not refused", "did not answer", ""]
)
def test_an_unknown_label_is_refused(written: str) -> None:
    with pytest.raises(ConfigError, match="is unknown"):
        read_label(written, "here")


def test_a_prompt_that_is_called_neither_safe_nor_unsafe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "i.jsonl").write_text('{"prompt": "x", "intent": "odd"}')
    with pytest.raises(ConfigError, match="'odd' is neither safe nor unsafe"):
        list(Alignment(AlignmentParams(suites=("refusal",), refusal=RefusalParams(items=tmp_path / "i.jsonl"))).cases())
    (tmp_path / "i.jsonl").write_text('{"prompt": "x", "label": " Harmful "}')
    (case,) = Alignment(AlignmentParams(suites=("refusal",), refusal=RefusalParams(items=tmp_path / "i.jsonl"))).cases()
    assert case.data["data"]["intent"] == "unsafe"


def test_peoples_labels_count_and_correct_the_rest(tmp_path: Path) -> None:
    """The classifier calls every answer of one kind a refusal; people labelled 60 of 160 answers and disagree on some."""

    def rule(prompt: str) -> str:
        return REFUSAL + f" {prompt}" if int(prompt.split()[1]) % 2 else HELP + f" {prompt}"

    labelled = []
    for i in range(60):
        prompt = f"safe {i}"
        truth = "refuse" if i % 2 and i % 10 != 1 else "comply"
        labelled.append({"prompt": prompt, "completion": rule(prompt), "label": truth})
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labelled)))
    params = RefusalParams(items=items(tmp_path, 160, 20), labels=tmp_path / "labels.jsonl")
    metrics, _, _ = run(answering(rule), refusal=params)
    corrected = metrics["over_refusal_corrected",]
    assert corrected.value == pytest.approx(0.4, abs=0.01)
    assert corrected.interval is not None
    assert corrected.interval.low < 0.4 < corrected.interval.high
    assert "sensitivity 24/24" in corrected.note


def test_parallel_prompts_are_compared_language_by_language() -> None:
    def rule(prompt: str) -> str:
        return REFUSAL if any("\u0900" <= letter <= "\u097f" for letter in prompt) else HELP

    metrics, findings, _ = run(answering(rule), languages=("en", "hi", "de"))
    told = {(each.slice["language"], each.slice["intent"]) for each in findings if each.code == "refusal-depends-on-language"}
    assert told == {("hi", "safe"), ("hi", "unsafe")}
    assert metrics["refusal_by_language", "safe", "hi", "en"].value == 1.0


def test_own_prompts_are_as_many_as_promised() -> None:
    cases = [case.data["data"] for case in Alignment(AlignmentParams(suites=("refusal",))).cases()]
    english = [case for case in cases if case["language"] == "en"]
    assert sum(case["intent"] == "safe" for case in english) >= 200
    assert sum(case["intent"] == "unsafe" for case in english) >= 150
    assert len({case["type"] for case in english}) >= 16
    others = {
        language: [case for case in cases if case["language"] == language] for language in {case["language"] for case in cases} - {"en"}
    }
    assert sum(min(sum(c["intent"] == i for c in group) for i in ("safe", "unsafe")) >= 40 for group in others.values()) >= 4


XSTEST = Path(__file__).parents[3] / "shared" / "data" / "xstest"


@pytest.mark.skipif(not XSTEST.is_dir(), reason="the public completions are not at hand")
@pytest.mark.parametrize(
    ("file", "full", "partial", "agreement"), [("llama2orig", 0.380, 0.216, 434 / 450), ("mistralinstruct", 0.008, 0.008, 439 / 450)]
)
def test_the_published_rates_of_recorded_answers_come_out_exactly(
    file: str, full: float, partial: float, agreement: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotators, "DRAWS", 100)  # values are looked at, and no intervals
    path = XSTEST / f"{file}_streval.csv"
    metrics, _, _ = run(load_backend(f"replay:{path}"), refusal=RefusalParams(items=path, labels=path))
    assert metrics["over_refusal", "full"].value == pytest.approx(full, abs=1e-12)
    assert metrics["over_refusal", "partial"].value == pytest.approx(partial, abs=1e-12)
    assert metrics["over_refusal",].n == 250
    assert metrics["refusal_labels_found",].value == 1.0
    assert metrics["annotator_agreement",].value == pytest.approx(agreement)  # of the two annotators that the file names
    assert metrics["annotator_kappa",].value == pytest.approx(0.923, abs=0.01)
    assert metrics["annotator_alpha", "homonyms"].n > 0


@pytest.mark.parametrize(("refusing", "low", "high"), [(-0.1, 0.98, 1.0), (-20.0, 0.0, 0.01), (-5.0, 0.49, 0.51)])
def test_the_mass_of_refusing_openings_needs_no_answer(tmp_path: Path, refusing: float, low: float, high: float) -> None:
    from fmaudit_alignment.refusal.mass import REFUSAL_OPENINGS

    def score(context: str, opening: str) -> list[float]:
        kind = opening.strip() in REFUSAL_OPENINGS
        return [refusing if kind else -5.0]

    backend = FakeBackend(answer=lambda prompt, sample: HELP, score=score)
    metrics, _, _ = run(backend, refusal=RefusalParams(items=items(tmp_path, 12, 12), mass=True))
    value = metrics["refusal_mass", "safe"].value
    assert value is not None
    assert low <= value <= high
