"""A model audit made of suites: which are asked, what a model that cannot answer costs, what is kept of an answer."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fmaudit import (
    Asker,
    AskParams,
    Capability,
    Case,
    ConfigError,
    Finding,
    ItemSource,
    Metric,
    Params,
    Row,
    Severity,
    Suite,
    SuiteAudit,
    load_items,
    results,
)
from fmaudit.models.backends.fake import FakeBackend
from fmaudit.testing import ask, ask_suite, measure


class Politeness(Suite):
    name: ClassVar[str] = "politeness"
    title: ClassVar[str] = "Does it greet back?"

    def cases(self) -> Iterable[Case]:
        return [Case(id=f"hello-{i}", data={"prompt": f"Hello {i}"}) for i in range(12)]

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        answers = await asker.say(case.data["prompt"], samples=2, temperature=1.0)
        return [
            Row(
                item=case.id, sample=answer.sample, prompt=case.data["prompt"], response=answer.text, correct="hello" in answer.text.lower()
            )
            for answer in answers
        ]

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        yield results.rate("greets", [row["correct"] for row in rows], [row["item"] for row in rows])


class Preference(Suite):
    name: ClassVar[str] = "preference"
    title: ClassVar[str] = "What does it prefer?"
    needs: ClassVar[frozenset[Capability]] = frozenset({Capability.SCORE})

    def cases(self) -> Iterable[Case]:
        return [Case(id="hello-1", data={})]

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        good, bad = await asker.prefer("Choose", ["good", "bad"])
        return [Row(item=case.id, correct=good > bad, value=good - bad, response="good").withheld()]

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        yield Metric(name="margin", value=rows[0]["value"], unit="nats", n=1)


class Manners(SuiteAudit):
    name: ClassVar[str] = "manners"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Manners"

    class Params(AskParams):
        suites: tuple[str, ...] = ("politeness", "preference")

    available: ClassVar[Mapping[str, type[Suite] | str]] = {"politeness": Politeness, "preference": Preference}


def answering(text: str, **options: Any) -> FakeBackend:
    return FakeBackend(answer=lambda prompt, sample: text, **options)


def test_suites_share_a_table_and_each_measures_its_own_rows() -> None:
    seen = ask(Manners(), answering("Hello!", score=lambda context, continuation: [0.0 if continuation == "good" else -2.0]))
    metrics, findings, _ = measure(Manners(), seen)
    assert metrics["greets"].value == 1.0
    assert (metrics["greets"].n, metrics["greets"].n_clusters) == (24, 12)
    assert metrics["margin"].value == 2.0
    assert not findings


def test_what_a_model_cannot_do_costs_the_suite_that_needs_it_and_is_said() -> None:
    seen = ask(Manners(), answering("No.", without=[Capability.SCORE]))
    metrics, findings, _ = measure(Manners(), seen)
    assert metrics["greets"].value == 0.0
    assert "margin" not in metrics
    assert metrics["answered{suite=preference}"].note == "the model cannot score given texts (tell their log-probabilities)"
    assert [(finding.code, finding.severity) for finding in findings] == [("suite-not-asked", Severity.NOTE)]


def test_where_no_suite_could_be_asked_nothing_was_audited_and_that_is_an_error() -> None:
    alone = Manners(Manners.Params(suites=("preference",)))
    assert alone.unable(frozenset({Capability.GENERATE})) == {"preference": "score given texts (tell their log-probabilities)"}
    assert Manners().unable(frozenset({Capability.GENERATE, Capability.SCORE})) == {}
    _, findings, _ = measure(alone, ask(alone, answering("No.", without=[Capability.SCORE])))
    assert [(finding.code, finding.severity) for finding in findings] == [("suite-not-asked", Severity.ERROR)]


def test_a_suite_that_fails_costs_its_own_results_and_is_told_as_an_error() -> None:
    class Broken(Preference):
        def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
            yield Metric(name="half", value=1.0, unit="nats", n=1)
            raise ValueError("no margin")

    class Careless(Manners):
        available: ClassVar[Mapping[str, type[Suite] | str]] = {"preference": Broken, "politeness": Politeness}

    metrics, findings, _ = measure(Careless(), ask(Careless(), answering("Hello!")))
    assert metrics["greets"].value == 1.0
    assert "half" not in metrics
    assert metrics["measured{suite=preference}"].value is None
    assert "ValueError: no margin (test_suites.py:" in metrics["measured{suite=preference}"].note
    assert [(each.code, each.severity) for each in findings] == [("suite-failed", Severity.ERROR)]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"spread{kind=all}": None, "rate": None}, "rate"),  # in the order of the headlines, not in that of the yielding
        ({"rate": None, "rate{type=a}": 0.5, "spread{kind=all}": None}, "rate"),
        ({"spread{kind=one}": 0.5, "spread{kind=all}": None}, "spread{kind=all}"),
        ({"rate{type=a}": None, "rate{type=b}": None}, "rate{type=a}"),
        ({"rate{type=a}": None, "rate{type=b}": 0.5}, ""),  # a metric that has nothing but slices
        ({"rate": None, "spread{kind=all}": 0.5}, ""),
        ({"other": None}, ""),
    ],
)
def test_a_suite_without_a_value_is_told_by_its_first_headline(values: Mapping[str, float | None], told: str) -> None:
    class Told(Politeness):
        headlines: ClassVar[tuple[str, ...]] = ("rate", "spread{kind=all}")

        def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
            for full, value in values.items():
                name, _, slice_ = full.rstrip("}").partition("{")
                where = dict([slice_.split("=")]) if slice_ else {}
                if value is None:
                    yield results.insufficient(name, "fraction", where, 1, f"too few for {full}")
                else:
                    yield Metric(name=name, value=value, unit="fraction", n=20, slice=where)

    class Audit(Manners):
        available: ClassVar[Mapping[str, type[Suite] | str]] = {"politeness": Told}

    audit = Audit(Audit.Params(suites=("politeness",)))
    found = audit.measure(ask(audit, answering("hello")))
    sentences = [each.sentence for each in found if isinstance(each, Finding) and each.code == "suite-without-value"]
    assert len(sentences) == bool(told)
    assert not told or f"was asked, and {told} has no value: too few for {told}." in sentences[0]


def test_a_withheld_answer_keeps_its_hash_and_nothing_of_its_text() -> None:
    row = Row(item="x", response="how to", evidence="how", label="comply").withheld()
    assert (row.response, row.evidence, row.label) == (None, "", "comply")
    assert len(row.response_sha256) == 64
    assert row.response_sha256 == Row(item="y", response="how to").withheld().response_sha256


def test_every_answer_has_its_hash() -> None:
    _, rows = ask_suite(Manners(Manners.Params(suites=("politeness",))), answering("Hello!"))
    assert len({row["response_sha256"] for row in rows}) == 1
    assert len(rows[0]["response_sha256"]) == 64


def test_a_misspelt_suite_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match="no suite 'polite'") as caught:
        list(Manners(Manners.Params(suites=("polite",))).cases())
    assert "politeness, preference" in str(caught.value.hint)


def test_a_model_with_a_chat_template_gets_messages_and_any_other_the_text() -> None:
    template = Manners.Params(suites=("politeness",), template="Q: {prompt}\nA:")
    chat, plain = answering("Hi"), answering("Hi", without=[Capability.CHAT])
    ask_suite(Manners(template), chat)
    ask_suite(Manners(template), plain)
    assert "Hello 3" in chat.prompts
    assert "Q: Hello 3\nA:" in plain.prompts


def test_a_template_without_a_place_for_the_prompt_is_refused_with_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"it has no \{prompt\}"):
        Manners.Params(suites=("politeness",), template="hello")


@pytest.mark.parametrize(
    ("without", "template", "told"), [((), "Q: {prompt}", True), ((Capability.CHAT,), "Q: {prompt}", False), ((), "{prompt}", False)]
)
def test_a_template_that_is_not_sent_is_told(without: tuple[Capability, ...], template: str, told: bool) -> None:
    audit = Manners(Manners.Params(suites=("politeness",), template=template))
    found = audit.measure(ask(audit, answering("Hello!", without=without)))
    (finding,) = [each for each in found if isinstance(each, Finding) and each.code == "template-not-sent"] or [None]
    assert (finding is not None) == told
    if finding is not None:
        assert "'Q: {prompt}' was not sent" in finding.sentence
        assert "chat = false" in finding.advice


def test_a_template_beside_chats_is_told_before_anything_is_asked() -> None:
    (sentence,) = Manners(Manners.Params(suites=("politeness",), template="Q: {prompt}", chat=True)).warnings()
    assert "the template is not sent" in sentence
    assert Manners(Manners.Params(suites=("politeness",), template="Q: {prompt}")).warnings() == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"question": "Why?", "kind": "x", "extra": 1}\n\n{"question": "How?", "kind": "y"}\n'),
        ("a.json", '[{"question": "Why?", "kind": "x", "extra": 1}, {"question": "How?", "kind": "y"}]'),
        ("a.csv", '\ufeffquestion,kind,extra\nWhy?,x,1\n"How?",y,\n'),
        ("a.tsv", "question\tkind\textra\nWhy?\tx\t1\nHow?\ty\t\n"),
    ],
)
def test_items_are_read_under_the_names_of_their_own_set(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    items = load_items(ItemSource(items=tmp_path / name), Path("none"), {"prompt": ("question",), "type": (), "note": ()}, ["type", "note"])
    assert [(item["prompt"], item["kind"]) for item in items] == [("Why?", "x"), ("How?", "y")]
    items = load_items(ItemSource(items=tmp_path / name, columns={"type": "kind"}), Path("none"), {"prompt": ("question",), "type": ()})
    assert [item["type"] for item in items] == ["x", "y"]
    assert len({item["id"] for item in items}) == 2


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ('{"text": "x"}', {}, r"a.jsonl:1: there is no field 'prompt'"),
        ('{"prompt": "x"}\n{"prompt"', {}, r"a.jsonl:2: not JSON: Expecting ':' delimiter at character 10; the text ends there"),
        ('{"prompt": "x', {}, r"a.jsonl:1: not JSON: Unterminated string at character 12; the text ends there"),
        ('{"prompt": x}', {}, r"a.jsonl:1: not JSON: Expecting value at character 12\n"),
        ("[1]", {}, r"a.jsonl:1: not a JSON object"),
        ("", {}, "there is no item"),
        ('{"prompt": "x", "id": 1}\n{"prompt": "y", "id": 1}', {}, "two items have the id '1'"),
        ('{"prompt": "x"}', {"promt": "y"}, "columns names the field 'promt'"),
    ],
)
def test_items_that_cannot_be_used_say_where_and_why(tmp_path: Path, text: str, columns: dict[str, str], message: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_items(ItemSource(items=tmp_path / "a.jsonl", columns=columns), Path("none"), {"prompt": ()})


@pytest.mark.parametrize("name", ["a.jsonl.xz", "a.csv.gz", "a.jsonl"])
def test_items_may_be_packed(tmp_path: Path, name: str) -> None:
    text = "prompt\nWhy?\n" if ".csv" in name else '{"prompt": "Why?"}\n'
    (tmp_path / name).write_bytes((gzip if name.endswith(".gz") else lzma).compress(text.encode()))  # a.jsonl is packed and does not say so
    assert [item["prompt"] for item in load_items(ItemSource(items=tmp_path / name), Path("none"), {"prompt": ()})] == ["Why?"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(b'{"prompt": "x"}' * 99)[:-12], r"a\.jsonl cannot be read: .*is the file complete"),
        (b"BZh91AY", r"a\.jsonl cannot be read: it is compressed with bzip2; recompress it with gzip or xz"),
        ("é".encode("latin-1"), r"a\.jsonl is not UTF-8: byte 0"),
    ],
    ids=["cut off", "bzip2", "latin-1"],
)
def test_items_that_cannot_be_unpacked_say_why(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        load_items(ItemSource(items=tmp_path / "a.jsonl"), Path("none"), {"prompt": ()})


def test_the_share_of_few_items_is_no_number_and_samples_of_an_item_are_one_cluster() -> None:
    assert results.rate("r", [True] * 4, minimum=5).value is None
    single = results.rate("r", [True, False] * 10)
    grouped = results.rate("r", [True, False] * 10, [str(i // 2) for i in range(20)])
    assert (single.n_clusters, grouped.n_clusters) == (20, 10)
    assert single.value == grouped.value == 0.5


def test_a_paired_difference_uses_the_shared_items_and_names_what_it_could_have_found() -> None:
    first = {str(i): i < 30 for i in range(60)}
    second = {str(i): i < 15 for i in range(10, 60)}
    metric, test = results.paired_difference("shift", first, second)
    assert metric.value == pytest.approx(15 / 50)
    assert test.p_value < 0.001
    assert "would be found" in metric.note
    assert results.paired_difference("shift", first, {})[1] is None


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="temperatur"):
        Manners.Params.model_validate({"temperatur": 1})
    assert issubclass(AskParams, Params)


def test_a_table_of_questions_and_numbers_needs_no_header(tmp_path: Path) -> None:
    (tmp_path / "mgsm_en.tsv").write_text('How many are 2 and 3?\t5\nHow many are "4" and 1,000?\t1,004\n')
    items = load_items(ItemSource(items=tmp_path / "mgsm_en.tsv"), Path("none"), {"question": (), "answers": ("answer",)})
    assert [item["answers"] for item in items] == ["5", "1,004"]
    assert items[0]["question"] == "How many are 2 and 3?"


@pytest.mark.parametrize("gold", ["NaN", "-Infinity", "[1, NaN]", '{"value": NaN}'])
def test_a_number_that_is_none_is_no_answer(tmp_path: Path, gold: str) -> None:
    """JSON as Python reads it knows NaN; one in a field that nobody asks for harms nobody."""
    path = tmp_path / "items.jsonl"
    path.write_text(f'{{"prompt": "?", "gold": 1, "score": NaN}}\n{{"prompt": "!", "gold": {gold}}}\n')
    with pytest.raises(ConfigError, match=r"items\.jsonl:2: the field 'gold' holds a number that is none"):
        load_items(ItemSource(items=path), Path("none"), {"prompt": (), "answers": ("gold",)})
    assert len(load_items(ItemSource(items=path), Path("none"), {"prompt": ()})) == 2


@pytest.mark.parametrize(
    ("row", "columns", "told"),
    [
        ({"prompt": None}, {}, "the field 'prompt' is null"),
        ({"question": "?"}, {"prompt": "nope"}, "there is no field 'nope', which columns names for 'prompt'"),
        ({"question": "?"}, {}, "there is no field 'prompt'"),
    ],
)
def test_a_field_that_is_not_there_is_named_as_it_was_asked_for(
    tmp_path: Path, row: dict[str, Any], columns: dict[str, str], told: str
) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps(row))
    with pytest.raises(ConfigError, match=rf"items\.jsonl:1: {told}"):
        load_items(ItemSource(items=tmp_path / "items.jsonl", columns=columns), tmp_path, {"prompt": ()})
