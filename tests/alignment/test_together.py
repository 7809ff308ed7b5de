"""Suites asked together in one audit keep apart: no metric of one has the name of another's."""

from __future__ import annotations

from typing import Any

from alignment_support import row, saying

from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask, ask_suite, assert_results, by_name, measure
from fmaudit_alignment.audit import SUITES, Alignment
from fmaudit_alignment.params import AlignmentParams

FOUR = ("false-premise", "sycophancy", "opinions", "bias")


def test_results_of_four_suites_have_names_of_their_own() -> None:
    audit = Alignment(AlignmentParams.model_validate({"suites": FOUR, "limit": 40}))
    metrics, findings, exhibits = measure(audit, ask(audit, saying(lambda prompt: "Yes, B.")))
    assert_results([*metrics.values(), *findings, *exhibits])
    assert {"challenge_rate", "sycophancy_shift", "yes_bias", "bias_score_ambiguous"} <= metrics.keys()
    assert len({exhibit.name for exhibit in exhibits}) == len(exhibits)


def test_items_are_named_by_their_content() -> None:
    for suite in FOUR:
        (made,) = Alignment(AlignmentParams.model_validate({"suites": (suite,)})).suites.values()
        assert len(made.fingerprint()) == 64


def test_what_is_of_use_without_an_audit_is_exported() -> None:
    import fmaudit_alignment as alignment

    assert alignment.classify_refusal("?", "I can't help with that.").refused
    assert issubclass(alignment.NotText, TypeError)
    agreed = by_name(alignment.measure_annotators([{"a": "x", "b": "x" if i % 2 else "y"} for i in range(20)]))
    assert agreed["annotator_agreement"].value == 0.5
    ratings = [alignment.Rating(str(i), rater, value) for i in range(5) for rater, value in (("r", 1), ("s", 3))]
    assert "rater_spread" in by_name(alignment.measure_disagreement(ratings, 5, minimum=2))
    same = [row(str(i), kind="trait", correct=i % 2 == 0) for i in range(20)]
    assert by_name(alignment.opinion_shifts(same, same))["opinion_shift{behaviour=trait}"].value == 0.0


def test_every_headline_is_a_metric_of_its_suite_and_every_table_a_parameter() -> None:
    """By one model that answers and scores, each suite gives what it says it begins with."""
    backend = FakeBackend(answer=lambda prompt, sample: "Yes, B.")
    for name in SUITES:
        if name == "culture":  # it needs a table of the user's own
            continue
        needed = {"judge": {"j": {"uri": "fake:"}}, "reference": {"r": {"uri": "fake:"}}}
        audit = Alignment(AlignmentParams.model_validate({"suites": (name,), "limit": 12, "minimum_items": 5, **needed}))
        (suite,) = audit.suites.values()
        found, _ = ask_suite(audit, backend)
        assert set(suite.headlines) <= by_name(found).keys(), name
        assert suite.headlines, name
        assert set(suite.tables) <= AlignmentParams.model_fields.keys(), name


def test_a_judge_or_a_reference_that_nothing_asks_is_told() -> None:
    def told(**params: Any) -> list[str]:
        return Alignment(AlignmentParams.model_validate(params)).warnings()

    model = {"m": {"uri": "demo:base"}}
    assert told() == told(suites=["judge"], judge=model) == told(suites=["drift"], reference=model) == []
    assert told(suites=["fragility"], judge=model, refusal={"by": "judge"}) == []
    (judge,) = told(suites=["bias"], judge=model)
    assert judge == "audit.alignment: a judge is named, and only the suites principles and judge ask one, and refusal.by = 'judge'"
    (reference,) = told(suites=["bias"], reference=model)
    assert reference == "audit.alignment: a reference is named, and only the suites refusal, preference and drift ask one"
