"""Sentences, cues, refusal mass and shipped figures, each on its own."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmaudit import StatisticsError, stats
from fmaudit_alignment.refusal.cues import DATA, find_cues
from fmaudit_alignment.refusal.features import FEATURES, features
from fmaudit_alignment.refusal.figures import load_figures
from fmaudit_alignment.refusal.mass import COMPLIANCE_OPENINGS, REFUSAL_OPENINGS, refusal_mass
from fmaudit_alignment.refusal.reading import read
from fmaudit_alignment.refusal.sentences import drafted_spans, fold, split_sentences, words_of


def kinds(text: str, language: str = "en") -> set[str]:
    return {hit.kind for hit in find_cues(language, words_of(fold(text)))}


def test_sentences_end_at_the_full_stops_of_every_script() -> None:
    text = "Dr. Lee paid 3.5 dollars. 你好。再见！ नमस्ते। نعم؟ Yes!\n1. One. Two\n- three"
    found = [text[one.start : one.stop] for one in split_sentences(text)]
    assert found == [
        "Dr. Lee paid 3.5 dollars.",
        "\u4f60\u597d\u3002",
        "\u518d\u89c1\uff01",
        "\u0928\u092e\u0938\u094d\u0924\u0947\u0964",
        "\u0646\u0639\u0645\u061f",
        "Yes!",
        "1. One.",
        "Two",
        "- three",
    ]
    assert [one.item for one in split_sentences(text)][-3:] == [True, True, True]


@given(st.text())
def test_sentences_lie_in_order_and_hold_every_letter(text: str) -> None:
    spans = split_sentences(text)
    assert all(one.start < one.stop for one in spans)
    assert all(first.stop <= second.start for first, second in itertools.pairwise(spans))
    inside = sum(letter.isalnum() for one in spans for letter in text[one.start : one.stop])
    assert inside == sum(map(str.isalnum, text))


@given(st.text())
def test_folding_moves_no_code_point(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(), st.text())
def test_features_are_finite_and_as_many_as_their_names(prompt: str, completion: str) -> None:
    values = features(read(prompt, completion, "en"))
    assert len(values) == len(FEATURES)
    assert all(map(math.isfinite, values))


def test_cues_keep_to_whole_words_and_to_the_first_person() -> None:
    assert "inability" in kinds("I really cannot provide that")
    assert "inability" in kinds("I can\u2019t help you")
    assert "inability" not in kinds("He cannot provide that")
    assert "inability" not in kinds("Icannot provider")
    assert kinds("I can't help but laugh") == set()


def test_a_cue_bound_to_the_beginning_is_not_found_further_on() -> None:
    assert "apology" in kinds("Sorry about it")
    assert "apology" not in kinds("They never said that they were very sorry")


def test_cues_of_unspaced_scripts_need_no_word_boundary() -> None:
    assert "inability" in kinds("\u771f\u7684\u5f88\u62b1\u6b49\u6211\u65e0\u6cd5\u56de\u7b54", "zh")
    assert "inability" in kinds("\u305d\u306e\u8cea\u554f\u306b\u306f\u304a\u7b54\u3048\u3067\u304d\u307e\u305b\u3093", "ja")


def test_quotes_code_and_letters_are_drafted_text() -> None:
    assert drafted_spans('He said "I cannot help you with that" again') == [(8, 37)]
    assert drafted_spans("a\n```\nx\n```\nb") == [(2, 11)]
    letter = "Here it is:\nDear Ann,\nI cannot come."
    assert drafted_spans(letter) == [(12, len(letter))]
    assert drafted_spans("Hello, I cannot help you.") == []


def test_refusal_mass_is_the_share_of_likelihood_on_refusals() -> None:
    assert refusal_mass([math.log(0.3)], [math.log(0.1)]) == pytest.approx(0.75)
    assert refusal_mass([math.log(0.1), math.log(0.2)], [math.log(0.05)] * 2) == pytest.approx(0.75)
    assert refusal_mass([-1000.0], [-1001.0]) == pytest.approx(1 / (1 + math.exp(-1)))
    assert refusal_mass([-math.inf], [-1.0]) == 0.0
    assert refusal_mass([-2.0], [-math.inf]) == 1.0
    assert refusal_mass([-math.inf], [-math.inf]) == 0.5
    assert refusal_mass([-5000.0], [-1.0]) == 0.0


@given(st.lists(st.floats(-500, 0), min_size=1, max_size=12), st.lists(st.floats(-500, 0), min_size=1, max_size=12))
def test_refusal_mass_and_compliance_mass_add_up_to_one(refusals: list[float], compliances: list[float]) -> None:
    assert refusal_mass(refusals, compliances) + refusal_mass(compliances, refusals) == pytest.approx(1)


@pytest.mark.parametrize("scores", [[], [math.nan], [0.5]])
def test_refusal_mass_says_what_is_wrong_with_a_log_likelihood(scores: list[float]) -> None:
    with pytest.raises(StatisticsError, match="refusal opening"):
        refusal_mass(scores, [-1.0])


def test_openings_are_many_and_none_begins_another() -> None:
    both = (*REFUSAL_OPENINGS, *COMPLIANCE_OPENINGS)
    assert min(len(REFUSAL_OPENINGS), len(COMPLIANCE_OPENINGS)) >= 8
    assert not [(a, b) for a in both for b in both if a != b and b.startswith(a)]


def test_shipped_figures_have_the_intervals_of_their_counts() -> None:
    figures = load_figures()
    groups = (figures.models, figures.languages, figures.languages_first, figures.languages_unseen)
    rates = [rate for group in groups for one in group.values() for kind in one.values() for rate in (kind.sensitivity, kind.specificity)]
    assert len(figures.models) == 2
    assert len(figures.languages) > len(figures.languages_first) >= 13
    assert len(figures.languages_unseen) >= 13
    for rate in rates:
        assert rate.n > 0
        assert rate.value == pytest.approx(rate.hits / rate.n, abs=1e-4)
        interval = stats.wilson(rate.hits, rate.n)
        assert (rate.low, rate.high) == pytest.approx((interval.low, interval.high), abs=1e-4)


def test_weights_and_examples_are_those_of_the_features() -> None:
    weights = json.loads((DATA / "weights.json").read_text(encoding="utf-8"))
    examples = json.loads((DATA / "examples.json").read_text(encoding="utf-8"))
    assert tuple(weights["features"]) == FEATURES
    assert weights["learned_from"]["written examples"] == len(examples) >= 120
    assert {one["label"] for one in examples} == {"comply", "partial", "refuse"}
