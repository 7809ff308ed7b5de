"""Instruction following: every kind of instruction with texts that follow it and texts that do not, and what the rates say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fmaudit import ConfigError, Finding, ItemSource, Metric, sample_data
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask_suite
from fmaudit_alignment.audit import Alignment
from fmaudit_alignment.params import AlignmentParams
from fmaudit_alignment.suites.instructions import ITEMS, Instructions, loosened
from fmaudit_alignment.verifiers.checks import CHECKS, follows
from fmaudit_alignment.verifiers.texts import sentences

LONG = "This is a plain English sentence about the weather in the mountains and the people who live there"

# instruction, arguments, texts that follow it, texts that do not
CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("keywords:existence", {"keywords": ["tea", "cup"]}, ["A CUP of tea"], ["tea only", "cup"]),
    ("keywords:frequency", {"keyword": "war", "relation": "at least", "frequency": 2}, ["War and war", "wars, warm"], ["war"]),
    ("keywords:frequency", {"keyword": "war", "relation": "less than", "frequency": 2}, ["war", "peace"], ["war war"]),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, ["rocket science"], ["It is a Rock."]),
    ("keywords:letter_frequency", {"letter": "#", "let_relation": "at least", "let_frequency": 2}, ["# a #"], ["#"]),
    ("keywords:letter_frequency", {"letter": "e", "let_relation": "less than", "let_frequency": 2}, ["Enjoy"], ["Eel"]),
    ("language:response_language", {"language": "de"}, ["Das Wetter ist heute schön und wir gehen in den Wald."], [LONG]),
    (
        "length_constraints:number_sentences",
        {"relation": "less than", "num_sentences": 3},
        ["One. Two!", "Dr. Who is 3.5 m tall."],
        ["So. Why? Go!"],
    ),
    (
        "length_constraints:number_sentences",
        {"relation": "at least", "num_sentences": 2},
        ["One thing. Another thing."],
        ["Mr. Smith came."],
    ),
    (
        "length_constraints:number_paragraphs",
        {"num_paragraphs": 2},
        ["a\n***\nb", "***\na\n***\nb"],
        ["a", "a\n***\n\n***\nb", "a\n***\nb\n***\nc"],
    ),
    ("length_constraints:number_words", {"relation": "at least", "num_words": 3}, ["one two three"], ["one two"]),
    ("length_constraints:number_words", {"relation": "less than", "num_words": 3}, ["one two"], ["one two three"]),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "weekend"},
        ["Hi there\n\nWeekend, at last", 'x\n\n"weekend" is'],
        ["Weekend\n\nother", "a\n\nb\n\nweekend", "a\n\nweekends"],
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, ["[name] of [city]"], ["[name]"]),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, ["Bye.\nP. S. one more"], ["Bye. PS"]),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, ["P.P.S more"], ["P.S. more"]),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, ["* a\n* b", "- a\n* b"], ["* a", "* a\n- b\n- c", "** bold **"]),
    ("detectable_format:constrained_response", {}, ["My answer is maybe."], ["Maybe.", "my answer is yes"]),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, ["*a* and **b**"], ["*a*", "** **"]),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        ["SECTION 1\na\nSECTION 2\nb"],
        ["SECTION 1 a"],
    ),
    ("detectable_format:json_format", {}, ['{"a": 1}', "```json\n[1, 2]\n```"], ["a: 1", "{'a': 1}"]),
    ("detectable_format:title", {}, ["<<A day>>\ntext"], ["<A day>", "<<>>", "<< >>"]),
    ("combination:two_responses", {}, ["one\n******\ntwo"], ["one\n******\none", "one", "a******b******c"]),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it."}, ["say it. Yes."], ["Yes. Say it."]),
    ("startend:end_checker", {"end_phrase": "Is that all?"}, ['Well. "Is that all?"', "is that all?"], ["Is that all? No."]),
    ("startend:quotation", {}, ['"Yes."'], ['"Yes', "Yes", '"']),
    ("change_case:capital_word_frequency", {"capital_relation": "at least", "capital_frequency": 2}, ["VERY GOOD"], ["VERY good"]),
    ("change_case:capital_word_frequency", {"capital_relation": "less than", "capital_frequency": 2}, ["VERY good"], ["VERY GOOD I"]),
    ("change_case:english_capital", {}, [LONG.upper()], [LONG]),
    ("change_case:english_lowercase", {}, [LONG.lower()], [LONG]),
    ("punctuation:no_comma", {}, ["No such mark."], ["Well, yes."]),
    ("upper-case", {"value": "bus"}, ["BUS", "BUS."], ["bus", "THE BUS"]),
    ("twice", {"value": "bus"}, ["bus bus", "Bus, bus."], ["bus"]),
    ("starts-with", {"value": "bus"}, ["Bus rides are fun."], ["bus", "A bus."]),
    ("ends-with", {"value": "bus"}, ["I take the bus."], ["bus", "Bus rides"]),
    ("repeat", {"value": "red bus"}, ["Red bus."], ["bus red"]),
    ("word-count", {"value": "3"}, ["I like tea."], ["I like green tea."]),
]


@pytest.mark.parametrize(("instruction", "arguments", "good", "bad"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)])
def test_texts_that_follow_an_instruction_are_told_from_those_that_do_not(
    instruction: str, arguments: dict[str, Any], good: list[str], bad: list[str]
) -> None:
    assert [text for text in good if not follows(text, instruction, arguments)] == []
    assert [text for text in [*bad, "", " \n"] if follows(text, instruction, arguments)] == []


def test_every_instruction_of_the_set_has_a_case() -> None:
    assert set(CHECKS) <= {case[0] for case in CASES}


def test_abbreviations_initials_and_numbers_end_no_sentence() -> None:
    assert len(sentences("Dr. A. Smith paid 3.50 for it, e.g. in cash. Was it fair?")) == 2
    assert len(sentences("这是第一句。这是第二句。")) == 2


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("They met at 3.5 p.m. in the U.S. capital. They spoke.", 2),
        ("I work from 9 a.m. to 5 p.m. every day. Then I rest.", 2),
        ("He lives in the U.S. He left in 1990.", 2),
        ("She holds a Ph.D. in physics.", 1),
        ("It ended at 5 p.m. Nobody stayed.", 2),
        ("Is it U.S. made? Yes.", 2),
        ("End of story. then it went on.", 2),
        ("N.B. the doors close at six.", 1),
    ],
)
def test_stops_inside_and_behind_dotted_letters_end_a_sentence_only_before_a_capital(text: str, n: int) -> None:
    assert len(sentences(text)) == n


@pytest.mark.parametrize(
    ("instruction", "arguments", "text"),
    [
        ("detectable_format:number_bullet_lists", {"num_bullets": "2"}, "* a\n* b"),
        ("length_constraints:number_paragraphs", {"num_paragraphs": "2"}, "a\n***\nb"),
        ("length_constraints:nth_paragraph_first_word", {"num_paragraphs": "2", "nth_paragraph": "2", "first_word": "b"}, "a\n\nb"),
        ("detectable_content:number_placeholders", {"num_placeholders": "1"}, "[name]"),
        ("detectable_format:number_highlighted_sections", {"num_highlights": "1"}, "*a*"),
        ("detectable_format:multiple_sections", {"section_spliter": "PART", "num_sections": "1"}, "PART 1 a"),
        ("length_constraints:number_words", {"relation": "at least", "num_words": "2"}, "a b"),
    ],
)
def test_numbers_written_as_text_count_as_numbers(instruction: str, arguments: dict[str, Any], text: str) -> None:
    assert follows(text, instruction, arguments)


def test_empty_answers_follow_nothing_and_are_told() -> None:
    metrics, findings = measured(lambda prompt, sample: "")
    assert metrics["instructions_empty_rate", ""].value == 1.0
    assert "instructions-empty-rate" in [finding.code for finding in findings]


def test_loose_counting_forgives_a_preamble_and_asterisks() -> None:
    text = 'Sure, here it is:\n"**Yes.**"'
    assert not follows(text, "startend:quotation", {})
    assert any(follows(part, "startend:quotation", {}) for part in loosened(text))
    assert any(follows(part, "punctuation:no_comma", {}) for part in loosened(text))


def audit(**params: Any) -> Alignment:
    return Alignment(AlignmentParams(suites=("instructions",), **params))


def measured(answer: Any, **params: Any) -> tuple[dict[tuple[str, str], Metric], list[Finding]]:
    found, _ = ask_suite(audit(**params), FakeBackend(answer=answer))
    metrics = {
        (m.name, m.slice.get("instruction", m.slice.get("counted", ""))): m
        for m in found
        if isinstance(m, Metric) and "stratum" not in m.slice
    }
    return metrics, [each for each in found if isinstance(each, Finding)]


def test_a_model_that_follows_a_known_part_is_measured_so(tmp_path: Path) -> None:
    (tmp_path / "i.jsonl").write_text(
        "".join(
            json.dumps(
                {
                    "key": i,
                    "prompt": f"prompt {i}",
                    "instruction_id_list": ["punctuation:no_comma", "startend:quotation"],
                    "kwargs": [{}, {}],
                }
            )
            + "\n"
            for i in range(100)
        )
    )
    metrics, findings = measured(
        lambda prompt, sample: '"Yes"' if int(prompt.split()[-1]) < 30 else "Yes" if int(prompt.split()[-1]) < 50 else 'Well, \n"ok"',
        instructions=ItemSource(items=tmp_path / "i.jsonl"),
    )
    assert metrics["prompts_followed", "strict"].value == pytest.approx(0.30)
    assert metrics["instructions_followed", "strict"].value == pytest.approx((30 + 50) / 200)
    assert metrics["prompts_followed", "loose"].value == pytest.approx(0.80)
    assert metrics["instructions_followed", "strict"].n_clusters == 100
    assert metrics["instructions_followed", "startend:quotation"].value == pytest.approx(0.30)
    assert [finding.code for finding in findings] == ["instructions-not-followed"]
    assert "interval" in findings[0].sentence
    assert " of " in findings[0].sentence
    assert findings[0].advice
    assert "startend:quotation 30.0 % of 100 (95% interval" in findings[0].sentence


def test_the_own_items_and_the_sample_cases_load_and_can_be_verified() -> None:
    assert len(list(audit().suites["instructions"].cases())) >= 80
    kinds = {row["kind"] for row in ask_suite(audit(), FakeBackend(answer=lambda prompt, sample: "x"))[1]}
    assert kinds == set(CHECKS)
    sample = sample_data() / "cases" / "instructions.jsonl"
    suite = Instructions(AlignmentParams(instructions=ItemSource(items=sample)))
    assert len(list(suite.cases())) == 240
    assert ITEMS.is_file()


def given(instruction: str, **arguments: Any) -> str:
    return json.dumps({"prompt": "x", "instruction_id_list": [instruction], "kwargs": [arguments]})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"prompt": "x", "instruction_id_list": ["a:b"], "kwargs": [{}]}', "there is no instruction 'a:b'"),
        ('{"prompt": "x", "instruction_id_list": ["startend:end_checker"], "kwargs": [{}]}', "end_phrase"),
        ('{"prompt": "x", "instruction_id_list": ["punctuation:no_comma"], "kwargs": []}', "1 instructions and 0 kwargs"),
        (given("length_constraints:number_words", relation="at most", num_words=3), "relation is 'at most', and it is one of 'at least'"),
        (given("length_constraints:number_words", num_words=3), "relation is missing"),
        (given("keywords:letter_frequency", letter="e", let_relation="exactly", let_frequency=1), "let_relation is 'exactly'"),
        (given("detectable_format:number_bullet_lists", num_bullets="two"), "num_bullets is 'two', and it is a whole number"),
        (given("detectable_format:number_bullet_lists", num_bullets=2.5), "num_bullets is 2.5"),
        (given("length_constraints:number_paragraphs", num_paragraphs=0), "whole number from 1"),
        (given("length_constraints:number_words", relation="at least", num_words=True), "num_words is True"),
        (given("language:response_language", language="klingon"), "language is 'klingon', and langdetect knows af, ar"),
        (given("keywords:existence", keywords="tea"), "keywords is 'tea', and it is a list of words"),
        (given("keywords:forbidden_words", forbidden_words=[]), "forbidden_words is"),
        (given("startend:end_checker", end_phrase=" "), "end_phrase is ' ', and it is a text"),
        (
            given("length_constraints:nth_paragraph_first_word", num_paragraphs=2, nth_paragraph=3, first_word="a"),
            "nth_paragraph is 3, of 2",
        ),
    ],
)
def test_items_that_cannot_be_verified_are_refused_before_a_model_is_asked(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "i.jsonl").write_text(line)
    with pytest.raises(ConfigError, match=message):
        list(audit(instructions=ItemSource(items=tmp_path / "i.jsonl")).cases())


IFEVAL = Path(__file__).parents[3] / "shared" / "data" / "ifeval" / "input_data.jsonl"


@pytest.mark.skipif(not IFEVAL.is_file(), reason="the public IFEval prompts are not at hand")
def test_all_prompts_of_ifeval_parse() -> None:
    cases = list(audit(instructions=ItemSource(items=IFEVAL)).cases())
    assert len(cases) == 541
    assert sum(len(case.data["data"]["instructions"]) for case in cases) == 834
