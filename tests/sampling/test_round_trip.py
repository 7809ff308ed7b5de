"""There and back: nothing lost scores 1, a collapse into one term is flagged, a copy is no translation."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sampling_support import items, one, saying

from fmaudit import (
    Completion,
    ConfigError,
    Exhibit,
    Failure,
    Finding,
    GenerateRequest,
    ItemSource,
    Metric,
    MetricStatus,
)
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask, ask_suite, assert_results, by_name, codes, measure
from fmaudit_sampling.address import address, copied, terms_in
from fmaudit_sampling.params import SamplingParams
from fmaudit_sampling.suites.round_trip import LOST, UNTRANSLATED, RoundTrip, _collapse, _kept

OWN = [case.data for case in RoundTrip(SamplingParams()).cases()]
LANGUAGES = {item["language"] for item in OWN}
VIETNAMESE = "|".join(sorted(address("vi").terms, key=len, reverse=True))


def translating(back: Callable[[str], str]) -> Any:
    """A model whose English is a code of the sentence, and that writes `back` of the sentence when asked to return."""

    def answer(prompt: str, sample: int) -> str:
        task, _, text = prompt.partition("\n\n")
        return back(bytes.fromhex(text.split()[-1]).decode()) if "from English" in task else f"English: {text.encode().hex()}"

    return saying(answer)


def to_anh(text: str) -> str:
    return re.sub(rf"\b({VIETNAMESE})\b", "anh", text, flags=re.IGNORECASE)


def row(item: Mapping[str, Any], found: list[str]) -> dict[str, Any]:
    share = sum(term in found for term in item["terms"]) / len(item["terms"])
    detail = json.dumps({"terms": item["terms"], "found": found, "english": "x"})
    return {
        "item": item["id"],
        "language": item["language"],
        "stratum": "",
        "label": "",
        "value": share,
        "detail": detail,
        "finish": "stop",
    }


def test_a_model_that_loses_nothing_scores_one_in_every_language() -> None:
    found, rows = ask_suite(one("round-trip"), translating(lambda text: text))
    metrics = by_name(found)
    assert len(rows) == len(OWN)
    assert metrics["round_trip_terms_kept"].value == 1.0
    for language in LANGUAGES:
        kept = metrics[f"round_trip_terms_kept{{language={language}}}"]
        assert kept.value == 1.0
        assert kept.interval is not None
        assert kept.interval.low < 1.0
        distinct = metrics[f"round_trip_distinct_terms{{language={language}}}"]
        assert distinct.value == distinct.n >= 2
        assert metrics[f"round_trip_collapse{{language={language}}}"].value == 0.0
    assert metrics["round_trip_untranslated_rate"].value == 0.0
    assert codes(found) == []


def test_a_collapse_into_one_term_is_flagged_in_its_language_only() -> None:
    model = translating(lambda text: to_anh(text) if re.search(rf"\b({VIETNAMESE})\b", text, re.IGNORECASE) else text)
    found, _ = ask_suite(one("round-trip"), model)
    metrics = by_name(found)
    pairs = [(item, term) for item in OWN if item["language"] == "vi" for term in item["terms"]]
    assert metrics["round_trip_terms_kept{language=vi}"].value == pytest.approx(sum(term == "anh" for _, term in pairs) / len(pairs))
    assert metrics["round_trip_distinct_terms{language=vi}"].value == 1.0
    assert metrics["round_trip_collapse{language=vi}"].value == 1.0
    findings = {each.code: each for each in found if isinstance(each, Finding)}
    assert {each.slice["language"] for each in findings.values()} == {"vi"}
    assert findings.keys() == {"address-collapses", "address-lost"}
    assert "come back with 'anh'" in findings["address-collapses"].sentence
    (turned,) = [each for each in found if isinstance(each, Exhibit) and each.name == "round-trip-terms"]
    lines = [line for line in turned.data.to_pylist() if line["language"] == "vi"]
    assert {line["came back as"] for line in lines} == {"anh"}
    assert sum(line["times"] for line in lines) == len(pairs)


def test_terms_that_vanish_are_lost_and_do_not_collapse() -> None:
    found, rows = ask_suite(one("round-trip"), translating(lambda text: "xx"))
    metrics = by_name(found)
    assert metrics["round_trip_terms_kept"].value == 0.0
    assert {each["label"] for each in rows} == {LOST}
    assert set(codes(found)) == {"address-lost"}
    assert {each.slice["language"] for each in found if isinstance(each, Finding)} == LANGUAGES
    assert metrics["round_trip_distinct_terms{language=ja}"].value == 0.0


@pytest.mark.parametrize("english", ["", None], ids=["nothing", "the request itself"])
def test_what_was_not_translated_is_left_out_and_said(english: str | None) -> None:
    found, rows = ask_suite(one("round-trip"), saying(lambda prompt, sample: prompt if english is None else english))
    assert {each["label"] for each in rows} == {UNTRANSLATED}
    assert codes(found) == ["not-translated"]
    metrics = by_name(found)
    assert metrics["round_trip_untranslated_rate"].value == 1.0
    assert metrics["round_trip_terms_kept"].value is None


def test_intervals_cover_the_share_kept_and_a_steady_model_is_not_accused_of_a_collapse() -> None:
    """Each term of a sentence is kept with chance 0.7 of the sentence, and lost without trace otherwise."""
    part = [item for item in OWN if item["language"] == "vi"] * 3
    inside, accused = 0, 0
    for seed in range(200):
        draw = random.Random(seed)
        rows = [row({**item, "id": f"{i}"}, [term for term in item["terms"] if draw.random() < 0.7]) for i, item in enumerate(part)]
        interval = _kept(rows, 10, {}).interval
        assert interval is not None
        inside += interval.low <= 0.7 <= interval.high
        accused += "address-collapses" in codes(_collapse(rows, "vi", 10))
    assert 0.92 <= inside / 200 <= 0.99
    assert accused == 0


def test_the_term_that_intrudes_most_is_picked_by_looking_and_its_interval_allows_for_that() -> None:
    """Every term intrudes with the same chance, so what the worst is worth is that chance."""
    part = [item for item in OWN if item["language"] == "vi"]
    terms = sorted(address("vi").terms)
    values, inside = [], 0
    for seed in range(250):
        draw = random.Random(seed)
        rows = [row(item, [term for term in terms if term in item["terms"] or draw.random() < 0.15]) for item in part]
        metric = next(each for each in _collapse(rows, "vi", 10) if isinstance(each, Metric))
        assert metric.interval is not None
        values.append(metric.value)
        inside += metric.interval.low <= 0.15 <= metric.interval.high
    assert inside / 250 >= 0.92
    assert f"picked by looking at {len(terms)} terms" in metric.note
    assert sum(values) / 250 > 0.25  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "text", "terms"),
    [
        ("vi", "Thưa bác sĩ, cháu bị sốt.", {"cháu"}),
        ("vi", "Anh ấy học tiếng Anh một mình.", {"anh"}),
        ("vi", "Cha\u0301u cha\u0300o chu\u0301", {"cháu", "chú"}),
        ("de", "Haben Sie Zeit?", {"Sie"}),
        ("de", "Sie hat gesagt, dass sie kommt. Gibst du ihr das Buch?", {"Sie", "du", "ihr"}),
        ("de", "Das Studium ist teuer.", set()),
        ("es", "¿Tú y ustedes?", {"tú", "ustedes"}),
        ("fr", "Je t’ai vu au rendez-vous.", {"tu"}),
        ("ja", "僕と私", {"ぼく", "わたし"}),
        ("hi", "तुम्हारा नाम अपने आप", {"तुम"}),
        ("ru", "Выпьем за тебя!", {"ты"}),
    ],
)
def test_terms_are_found_as_whole_words_in_their_forms(language: str, text: str, terms: set[str]) -> None:
    assert terms_in(text, address(language)) == terms


def test_a_copy_is_told_from_a_translation() -> None:
    assert copied("Anh đợi em ở cổng.", "anh đợi em ở cổng")
    assert copied("俺は先に帰るぞ。", "俺は先に帰るぞ")
    assert copied("Anh đợi em.", " ")
    assert not copied("Anh đợi em ở cổng.", "I will wait for you at the gate, em.")
    assert not copied("俺は先に帰るぞ。", "I'm going home first.")


def test_every_sentence_names_exactly_the_terms_that_it_has() -> None:
    assert len(OWN) >= 90
    for item in OWN:
        assert terms_in(item["text"], address(item["language"])) == set(item["terms"]), item["id"]
    assert all(sum(item["language"] == language for item in OWN) >= 12 for language in LANGUAGES)
    assert {"vi", "de", "es", "ja", "hi"} <= LANGUAGES


def test_both_translations_are_asked_greedily_and_name_the_language() -> None:
    model = translating(lambda text: text)
    ask_suite(one("round-trip", limit=7), model)
    assert len(model.prompts) == 14
    assert sum("from Vietnamese into English" in prompt for prompt in model.prompts) == 1
    assert sum("from English into Vietnamese" in prompt for prompt in model.prompts) == 1


def test_rows_can_be_stored_and_measured_again() -> None:
    audit = one("round-trip")
    metrics, findings, exhibits = measure(audit, ask(audit, translating(to_anh)))
    assert_results([*metrics.values(), *findings, *exhibits])
    assert metrics["round_trip_distinct_terms{language=vi}"].value == 1.0
    assert {exhibit.name for exhibit in exhibits} == {"round-trip-kept", "round-trip-terms"}


def test_own_sentences_may_bring_their_own_forms_and_languages(tmp_path: Path) -> None:
    own = [{"id": str(i), "sentence": "Kas sa tuled?", "language": "et", "terms": ["sina"], "forms": {"sina": ["sa"]}} for i in range(12)]
    found, _ = ask_suite(one("round-trip", round_trip=items(tmp_path, own)), translating(lambda text: "Kas te tulete?"))
    assert by_name(found)["round_trip_terms_kept{language=et}"].value == 0.0
    found, _ = ask_suite(one("round-trip", round_trip=items(tmp_path, own)), translating(lambda text: text))
    assert by_name(found)["round_trip_terms_kept{language=et}"].value == 1.0


class Narrow(FakeBackend):
    """A model whose window holds so many letters of a prompt and tokens of an answer together."""

    def __init__(self, window: int) -> None:
        super().__init__(answer=translating(lambda text: text)._answer)
        self.window = window

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        for i, request in enumerate(requests):
            if len(request.messages[-1].content) + request.sampling.max_new_tokens > self.window:
                yield i, Failure(reason="too-long", detail="it does not fit")
            else:
                yield from ((i, answer) for _, answer in super().generate_each([request]))


def test_a_window_that_holds_no_long_answer_gets_a_shorter_one_and_the_report_says_so(tmp_path: Path) -> None:
    own = items(tmp_path, [{"id": str(i), "text": "Tu viens ?", "language": "fr", "terms": ["tu"]} for i in range(12)])
    roomy, narrow = (ask_suite(one("round-trip", round_trip=own), Narrow(window))[0] for window in (2000, 300))
    assert by_name(roomy)["round_trip_terms_kept"].value == by_name(narrow)["round_trip_terms_kept"].value == 1.0
    assert "room" not in by_name(roomy)["round_trip_truncated_rate"].note
    note = by_name(narrow)["round_trip_truncated_rate"].note
    assert "the model's window left room for fewer tokens in 12 of 12 sentences, 128 at least" in note


def test_a_window_that_holds_no_translation_loses_the_sentence_instead_of_asking_for_ever(tmp_path: Path) -> None:
    own = items(tmp_path, [{"id": "1", "text": "Tu viens ?", "language": "fr", "terms": ["tu"]}])
    assert ask_suite(one("round-trip", round_trip=own), Narrow(100))[1] == []


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"text": "Cháu chào chú.", "language": "vi", "terms": ["anh"]}, "item 1: its text has no form of 'anh'"),
        ({"text": "Cháu chào chú.", "language": "vi", "terms": []}, "item 1: terms must be a list"),
        ({"text": "Cháu chào chú.", "language": "vi"}, "no field 'terms'"),
    ],
)
def test_sentences_that_cannot_be_used_say_why(tmp_path: Path, item: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        list(RoundTrip(SamplingParams(round_trip=ItemSource(**items(tmp_path, [item])))).cases())


def test_a_slice_with_fewer_items_than_the_minimum_has_no_number(tmp_path: Path) -> None:
    own = [
        {"id": f"{stratum}{i}", "text": "Tu viens ?", "language": "fr", "terms": ["tu"], "stratum": stratum}
        for stratum, count in (("few", 9), ("many", 10))
        for i in range(count)
    ]
    metrics = by_name(ask_suite(one("round-trip", round_trip=items(tmp_path, own)), translating(lambda text: text))[0])
    assert metrics["round_trip_terms_kept{stratum=few}"].status is MetricStatus.INSUFFICIENT
    assert metrics["round_trip_terms_kept{stratum=many}"].value == 1.0
    metrics = by_name(
        ask_suite(one("round-trip", round_trip=items(tmp_path, own[:9])), translating(lambda text: text.replace("Tu", "Vous")))[0]
    )
    assert metrics["round_trip_collapse{language=fr}"].status is MetricStatus.INSUFFICIENT
