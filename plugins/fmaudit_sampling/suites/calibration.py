"""Whether a model's probabilities are honest: calibration error, Brier score, likelihood and the reliability curve."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from fmaudit import Asker, Capability, Case, ConfigError, Exhibit, Finding, Metric, Row, Severity, Suite, results, stats
from fmaudit_sampling.answers import ABSTAINED, EMPTY, UNREAD
from fmaudit_sampling.choices import any_of
from fmaudit_sampling.equivalence import settle
from fmaudit_sampling.measures.agreement import agreement, answer_counts
from fmaudit_sampling.measures.calibration import (
    CalibrationError,
    Forecasts,
    brier,
    calibration_error,
    forecasts,
    nats_per_answer,
    overconfidence,
    reliability_curve,
)
from fmaudit_sampling.questions import fingerprint, load_questions
from fmaudit_sampling.sampled import alike, recorded, same_each_time, sampled_rows
from fmaudit_sampling.showing import cut_short, details, notes, unread_meanings

__all__ = ["Calibration"]

OPTIONS, SAMPLES = "options", "samples"
WORDS = {
    OPTIONS: "confidence is the chosen option's share of the probability of all options",
    SAMPLES: "confidence is the share of samples that give the commonest answer; few samples make it too high, never below "
    "one of them; questions whose commonest answer abstains are left out",
}
TIED = 1e-9  # nats by which options may differ and still be equally probable
SLIGHT = 0.02  # of agreement above accuracy that is no finding
SURE = 0.01  # p-value of calibrated answers from which miscalibration is a finding


class Calibration(Suite):
    """Takes the probability of the answer that a model chooses among a right one and wrong ones, and the share of samples that agree."""

    name: ClassVar[str] = "calibration"
    title: ClassVar[str] = "Calibration"
    needs: ClassVar[frozenset[Capability]] = frozenset()  # scores or samples, whichever there are
    headlines: ClassVar[tuple[str, ...]] = (
        "expected_calibration_error{confidence=options}",
        "expected_calibration_error{confidence=samples}",
        "overconfidence{confidence=options}",
        "overconfidence{confidence=samples}",
    )

    def cases(self) -> Iterable[Case]:
        """Name the questions that have an answer."""
        for item in self._items:
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question by scores of its options and by samples, as far as the model can."""
        ways = []
        if asker.scores and case.data["wrong"]:
            ways.append(self._by_options(case.data, asker))
        if {Capability.GENERATE, Capability.SAMPLE} <= asker.model.capabilities:
            ways.append(self._by_samples(case.data, asker))
        if not ways:
            lacks = "draw samples, and the question names no wrong answers to score" if asker.scores else "score options or draw samples"
            return [Row(item=case.id, label="unavailable", evidence=lacks)]
        return await asyncio.gather(*ways)

    async def _by_options(self, item: Mapping[str, Any], asker: Asker) -> Row:
        options = [item["answers"][0], *item["wrong"]]
        scores = np.asarray(await asker.prefer(item["prompt"], options), np.float64)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = [option for option, score in zip(options, scores, strict=True) if score >= scores.max() - TIED]
        chosen = options.index(any_of(best, item["id"]))
        detail = json.dumps({"tied": len(best)})
        return self._row(item, OPTIONS, options[chosen], correct=chosen == 0, confidence=float(shares[chosen]), detail=detail)

    async def _by_samples(self, item: Mapping[str, Any], asker: Asker) -> Row:
        meaning = settle(self.params.equivalence, asker, threshold=self.params.embedding_threshold)
        many = {"samples": self.params.samples, "temperature": self.params.temperature}
        rows = await sampled_rows(asker, item, meaning, **many)
        read = [row for row in rows if row.label not in (EMPTY, UNREAD)]
        detail = {**details(asdict(rows[0])), **_pairs([row for row in read if row.label != ABSTAINED])}
        if len(read) < 2:  # one answer alone agrees with itself
            lost = next((row for row in rows if row.label in (EMPTY, UNREAD)), rows[0])
            return self._row(item, SAMPLES, lost.evidence, correct=None, label=lost.label, finish=lost.finish, detail=json.dumps(detail))
        counts = Counter(row.value for row in read)
        count = max(counts.values())
        tied = {next(row.evidence for row in read if row.value == value): value for value in counts if counts[value] == count}
        commonest = tied[any_of(list(tied), item["id"])]
        answer = next(row for row in read if row.value == commonest)
        correct = None if answer.label == ABSTAINED else bool(answer.correct)
        about = {"label": answer.label, "finish": answer.finish, "detail": json.dumps(detail)}
        return self._row(item, SAMPLES, answer.evidence, correct=correct, confidence=count / len(read), **about)

    @staticmethod
    def _row(item: Mapping[str, Any], way: str, answer: str, *, confidence: float | None = None, **judged: Any) -> Row:
        return Row(
            item=item["id"], kind=item["type"], condition=way, language=item["language"], stratum=item["stratum"], prompt=item["prompt"],
            response=answer, confidence=None if confidence is None else min(1.0, confidence), **judged,
        )  # fmt: skip

    def measure(self, rows: results.Rows) -> results.Results:
        """Give every way's errors, in all and by stratum, the reliability curve, and a finding where they cannot be chance."""
        curves: list[dict[str, Any]] = []
        for way, asked in results.groups(rows, "condition").items():
            part = [row for row in asked if row["correct"] is not None]
            if way == SAMPLES:
                yield from self._unanswered(asked)
            if way == SAMPLES and self.params.temperature == 0 and not recorded(asked):
                yield from alike(self.params, self.name, asked)
                note = "at temperature 0 all samples are the same, and their share is no confidence"
                yield results.undefined("expected_calibration_error", "fraction", {"confidence": way}, len(part), note)
                continue
            if len(part) < self.params.minimum_items:
                note = f"{len(part)} items answered, and {self.params.minimum_items} are needed"
                yield results.insufficient("expected_calibration_error", "fraction", {"confidence": way}, len(part), note)
                continue
            found = _forecasts(part)
            error = calibration_error(found)
            yield from _metrics(found, error, way, part)
            yield from self._strata(part, way)
            yield from _finding(found, error, way, part)
            curves += _curve(found, way)
        if curves:
            yield _reliability(curves)

    def fingerprint(self) -> str:
        """Name the file of questions."""
        return fingerprint(self.params.questions)

    def warnings(self) -> list[str]:
        """Tell of samples that cannot differ."""
        return same_each_time(self.params)

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        items = load_questions(self.params.questions, self.params.limit, answerable=True)
        if not items:
            hint = "calibration needs questions with answers; wrong answers make options"
            raise ConfigError("audit.sampling-consistency: no question of the suite calibration has an answer", hint=hint)
        return items

    def _unanswered(self, rows: results.Rows) -> Iterator[Metric | Finding | Exhibit]:
        """Count questions whose commonest answer abstains, or that got no two answers: there is no claim to be too sure of."""
        minimum = self.params.minimum_items
        silent = [row["correct"] is None for row in rows]
        note = "questions whose commonest answer abstains, or that got fewer than two answers that can be read; left out of the calibration"
        yield results.rate("calibration_unanswered_rate", silent, minimum=minimum, slice_={"confidence": SAMPLES}, note=note)
        yield from results.truncated("calibration_truncated_rate", rows, minimum, "they count as they stand", cut=cut_short)
        yield from unread_meanings(self.name, rows, minimum)

    def _strata(self, rows: results.Rows, way: str) -> Iterator[Metric]:
        for stratum, part in results.groups(rows, "stratum").items():
            slice_ = {"confidence": way, "stratum": stratum}
            if len(part) < self.params.minimum_items:
                yield results.insufficient("expected_calibration_error", "fraction", slice_, len(part), f"{len(part)} items answered")
            else:
                yield _error_metric(calibration_error(_forecasts(part)), slice_)


def _forecasts(rows: Sequence[Mapping[str, Any]]) -> Forecasts:
    return forecasts([row["confidence"] for row in rows], [bool(row["correct"]) for row in rows], [row["item"] for row in rows])


def _error_metric(error: CalibrationError, slice_: Mapping[str, str], words: str = "") -> Metric:
    note = (
        f"{error.plain:.3f} before {error.expected:.3f} that calibrated answers show by chance; {results.chance_words('p', error.p_value)}"
    )
    return Metric(
        name="expected_calibration_error", value=error.value, unit="fraction", n=error.n, interval=error.interval, slice=slice_,
        method=f"{error.bins} equal-mass bins; {error.interval.method}", note="; ".join(filter(None, (note, words))),
    )  # fmt: skip


def _ties(rows: results.Rows) -> str:
    """Say how many questions had several most probable options."""
    tied = sum(details(row).get("tied", 1) > 1 for row in rows)
    return f"{tied} questions had several most probable options: one counts, by a hash of question and option" if tied else ""


def _pairs(rows: Sequence[Row]) -> dict[str, float]:
    """Give the chance that two answers to a question agree, and that one is right: choosing the commonest lifts neither."""
    if len(rows) < 2:
        return {}
    return {"agree": agreement(answer_counts([row.value for row in rows])), "right": sum(bool(row.correct) for row in rows) / len(rows)}


def _metrics(found: Forecasts, error: CalibrationError, way: str, rows: results.Rows) -> Iterator[Metric]:
    slice_ = {"confidence": way}
    yield _error_metric(error, slice_, "; ".join(filter(None, (WORDS[way], notes(rows)))))
    score = brier(found)
    reliability, resolution, uncertainty = (
        f"{round(part, 3) + 0.0:.3f}" for part in (score.reliability, score.resolution, score.uncertainty)
    )
    parts = f"reliability {reliability} - resolution {resolution} + uncertainty {uncertainty}"
    method = score.interval.method if score.interval else ""
    yield Metric(
        name="brier_score", value=score.value, unit="ratio", n=score.n, interval=score.interval, method=method, slice=slice_, note=parts
    )
    loss = nats_per_answer(found)
    if way == OPTIONS and not isinstance(loss, float):  # a share of all samples would make a wrong answer impossible
        yield results.given("answer_surprisal", loss, "nats", slice_, note="-ln of the probability given to what happened")
    sure = overconfidence(found)
    yield results.given("overconfidence", sure, "ratio", slice_, note="mean confidence less accuracy")
    yield results.rate("chosen_answer_accuracy", [bool(hit) for hit in found.correct], slice_=slice_, note=_ties(rows))


def _finding(found: Forecasts, error: CalibrationError, way: str, rows: results.Rows) -> Iterator[Finding]:
    """Say that confidences are not what they say where calibrated answers would hardly ever look so, nor few samples make it so."""
    if error.p_value > SURE or error.interval.low <= 0.0:
        return
    sure = overconfidence(found)
    agreeing = _agreeing(rows) if way == SAMPLES else None
    if agreeing is not None and sure.interval.low > 0 and not agreeing.excess > SLIGHT:
        return
    pairs = f" (two samples agree in {results.percent(agreeing.agree)} of cases)" if agreeing is not None else ""
    which = "too sure of itself" if sure.interval.low > 0 else "not sure enough" if sure.interval.high < 0 else "sure at the wrong places"
    mend = "fit a temperature on other answers, or set thresholds" if way == OPTIONS else "set thresholds"
    yield Finding(
        code="miscalibrated", severity=Severity.WARNING, metric=f"expected_calibration_error{{confidence={way}}}",
        slice={"confidence": way},
        sentence=(
            f"The model is {which}: by {way}, its mean confidence is {results.percent(float(found.confidence.mean()))}{pairs} and "
            f"{results.percent(float(found.correct.mean()))} of its answers are right; the calibration error is "
            f"{results.percent(error.value)} ({results.span(error.interval, results.percent)})."
        ),
        advice=f"Do not take its confidence as it is: {mend} by the reliability curve.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agreeing:
    """How often two samples agree, and by how much that surely exceeds the chance that one is right.

    The commonest of n samples has at least 1 / n of them, whatever the model. The chance that two agree has no such floor, and of a model
    that gives every answer as often as it is right it is the chance that a sample is right.
    """

    agree: float
    excess: float


def _agreeing(rows: results.Rows) -> Agreeing | None:
    pairs = [(found["agree"], found["right"]) for row in rows if "agree" in (found := details(row))]
    if len(pairs) < 2:
        return None
    excess = stats.mean([agree - right for agree, right in pairs])
    return Agreeing(sum(agree for agree, _ in pairs) / len(pairs), excess.interval.low)


def _curve(found: Forecasts, way: str) -> list[dict[str, Any]]:
    return [
        {
            "confidence": each.confidence,
            "accuracy": each.accuracy,
            "of": way,
            "low": each.interval.low,
            "high": each.interval.high,
            "n": each.n,
        }
        for each in reliability_curve(found)
    ]


def _reliability(rows: list[dict[str, Any]]) -> Exhibit:
    perfect = [{"confidence": end, "accuracy": end, "of": "perfect", "low": None, "high": None, "n": None} for end in (0.0, 1.0)]
    caption = "Accuracy against confidence in bins of equal size, with 95 % intervals in the table. "
    caption += "A model below the line of perfect calibration is too sure of itself."
    encoding = {"x": "confidence", "y": "accuracy", "color": "of"}
    return results.table("reliability", "Reliability curve", perfect + rows, caption, kind="line", encoding=encoding, unit="fraction")
