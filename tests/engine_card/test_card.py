"""The four-section card: what runs measured in the words of the outline, what they did not, and the same bytes for the same results."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

import fmaudit
from fmaudit import ConfigError, Interval, Measurement, Metric, MetricStatus
from fmaudit.hooks.manager import load_plugins
from fmaudit_engine_card import Card, card
from fmaudit_engine_card.cards.build import built
from fmaudit_engine_card.cards.command import main
from fmaudit_engine_card.cards.gather import Gathered
from fmaudit_engine_card.cards.numbers import interval, value
from fmaudit_engine_card.cards.outline import outline
from fmaudit_engine_card.cards.records import Section, Source

CONFIG = """
[model.llama]
uri = "config:llama-2-7b"
[model.mamba]
uri = "config:mamba-2.8b"
[tokenizer.plain]
uri = "bytes:"
[audit.engine-card]
card_data = { mamba = [] }
[audit.token-cost]
parallel = "parallel.tsv"
"""
PARALLEL = ["en\tde\tmy", *(f"word {i}\tein Wort {i}\tစကားလုံး {i}" for i in range(25))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> fmaudit.Run:
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("card")
    (folder / "audit.toml").write_text(CONFIG)
    (folder / "parallel.tsv").write_text("\n".join(PARALLEL), "utf-8")
    return fmaudit.run(str(folder / "audit.toml"))


def _one(audit: str, name: str, value: float | None = 0.5, target: str = "m", kind: str = "model", **slice_: str) -> Measurement:
    status = MetricStatus.OK if value is not None else MetricStatus.INSUFFICIENT
    interval = Interval(0.4, 0.6) if value is not None else None
    metric = Metric(name=name, value=value, unit="fraction", n=10, interval=interval, slice=slice_, status=status, note="so few")
    return Measurement(audit=audit, target=target, kind=kind, metric=metric)


def _built(*rows: Measurement, run: str = "run-1") -> Card:
    return built("m", [Gathered(Source(run=run, version="1", audits=()), rows, "hf:m")])


def _section(made: Card, name: str) -> Section:
    return next(section for section in made.sections if section.name == name)


def test_a_card_has_the_four_sections_and_says_in_each_what_is_unknown() -> None:
    made = _built()
    assert [section.title for section in made.sections] == ["Data", "Model", "Post-training", "Sampling"]
    assert all(section.unknown and not section.entries for section in made.sections)
    assert "no run can tell" in made.sections[0].unknown[0]


def test_each_audit_fills_its_own_section_and_takes_its_question_off_the_unknown() -> None:
    for audit, name, section, slice_ in (
        ("corpus-language", "share", "data", {"language": "te"}),
        ("token-cost", "premium", "data", {"language": "my"}),
        ("benchmark", "accuracy", "model", {}),
        ("alignment", "over_refusal", "post-training", {}),
        ("sampling-consistency", "repeat_agreement", "sampling", {}),
    ):
        made = _built(_one(audit, name, **slice_))
        found = _section(made, section)
        assert [entry.metric.split("{")[0] for entry in found.entries] == [f"{audit}.{name}"]
        assert found.entries[0].run == "run-1"
        assert len(found.unknown) == len(_section(_built(), section).unknown) - 1
        assert sum(len(other.entries) for other in made.sections) == 1


def test_corpora_are_said_to_have_been_audited_where_some_were() -> None:
    beside = "The corpora were audited beside it."
    without = _section(_built(_one("token-cost", "vocabulary", target="t", kind="tokenizer")), "data").unknown[0]
    assert beside not in without
    assert _section(_built(_one("corpus-language", "documents", target="c", kind="corpus")), "data").unknown[0] == f"{without} {beside}"


def test_of_many_slices_the_largest_are_shown_in_words() -> None:
    rows = [_one("token-cost", "premium", 1.0 + i, "t", "tokenizer", language=code) for i, code in enumerate(("en", "te", "my", "und"))]
    entries = _section(_built(*rows), "data").entries
    assert [entry.words for entry in entries] == ["times the tokens in my", "times the tokens in te"]


def test_an_audit_that_looked_and_has_no_number_is_unknown_with_its_reason() -> None:
    section = _section(_built(_one("alignment", "over_refusal", None)), "post-training")
    assert not section.entries
    assert any("alignment looked, and has no number (so few)" in sentence for sentence in section.unknown)


def test_an_audit_that_the_outline_does_not_name_joins_the_section_of_its_target() -> None:
    rows = [_one("strangers", f"figure_{i}") for i in range(5)] + [_one("crawls", "age", target="c", kind="corpus")]
    made = _built(*rows)
    assert [entry.words for entry in _section(made, "model").entries] == ["figure 0", "figure 1", "figure 2"]
    assert [entry.words for entry in _section(made, "data").entries] == ["age"]


def test_of_a_number_that_two_runs_have_the_newer_counts() -> None:
    sources = [
        Gathered(Source(run=name, version="1", audits=()), (_one("benchmark", "accuracy", x),)) for name, x in (("a", 0.4), ("b", 0.6))
    ]
    (entry,) = _section(built("m", sources), "model").entries
    assert (entry.value, entry.run) == (0.6, "b")


def test_every_metric_of_the_outline_is_on_the_card_of_its_plugin() -> None:
    folders = {
        "alignment": "alignment", "benchmark": "domain_gap", "corpus-language": "corpus_language", "corpus-quality": "corpus_quality",
        "domain-gap": "domain_gap", "engine-card": "engine_card", "sampling-consistency": "sampling", "token-cost": "token_cost",
    }  # fmt: skip
    plugins = Path(__file__).resolve().parents[2] / "plugins"
    for section in outline():
        for part in section.parts:
            readme = (plugins / f"fmaudit_{folders[part.audit]}" / "README.md").read_text("utf-8")
            for wanted in part.wanted:
                assert f"`{wanted.name}" in readme, f"{part.audit}: {wanted.name}"
                assert all(f"{{{key}}}" in wanted.words for key in wanted.by - wanted.where.keys()), wanted


def test_numbers_are_written_as_people_read_them() -> None:
    def shown(number: float, unit: str, low: float | None = None, high: float | None = None, level: float = 0.95) -> tuple[str, str]:
        ends = Interval(low, high, level) if low is not None and high is not None else None
        row = Measurement(audit="strangers", target="m", kind="model", metric=Metric(name="x", value=number, unit=unit, n=1, interval=ends))
        (entry,) = _section(_built(row), "model").entries
        return value(entry).replace("\u00a0", " "), interval(entry).replace("\u00a0", " ")

    assert shown(0.4192, "fraction", 0.147, 0.752) == ("41.9 %", "14.7 to 75.2 %")
    assert shown(0.0, "fraction") == ("0 %", "")
    assert shown(0.00002, "fraction")[0] == "0.002 %"
    assert shown(0.9999, "fraction")[0] == "99.99 %"
    assert shown(6_738_415_616, "count")[0] == "6,738,415,616"
    assert shown(0.0042, "seconds", 0.004, 0.005, 0.96875) == ("4.2 ms", "4 to 5 ms (96.9 %)")
    assert shown(2 * 6_738_415_616, "bytes")[0] == "13.5 GB"
    assert shown(2048, "bytes")[0] == "2.05 kB"
    assert shown(8.086e22, "count")[0] == "8.09 × 10²²"
    assert shown(0.00042, "seconds")[0] == "420 µs"
    assert shown(float("inf"), "ratio")[0] == "no limit"


def test_names_cannot_break_the_page_or_the_table() -> None:
    evil = "<script>alert(1)</script>|`x`\u202egnp\x1b[31m"
    made = built(evil, [Gathered(Source(run=evil, version="", audits=(evil,)), (_one("benchmark", "accuracy", target=evil),), evil)])
    page, text = made.html(), made.markdown()
    assert "<script" not in page
    assert "<" not in text.replace("\\<", "")
    assert not {"\u202e", "\x1b"} & set(page + text)
    assert "\\|" in text
    json.loads(made.json())


class _Balanced(HTMLParser):
    """Counts tags that are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_card_of_a_run_has_the_numbers_of_the_run(run: fmaudit.Run) -> None:
    made = card([run], "llama")
    entry = next(entry for entry in made.entries if entry.metric == "engine-card.parameters")
    assert (entry.value, entry.run, entry.target) == (6_738_415_616, run.id, "llama")
    assert made.uri == "config:llama-2-7b"
    assert all(entry.target in ("llama", "plain") for entry in made.entries)
    assert {entry.target for entry in card([run], "mamba", data=[]).entries} == {"mamba"}
    page = _Balanced()
    page.feed(made.html())
    assert not page.open


def test_equal_results_give_equal_bytes_whatever_the_order_and_the_name_of_the_run(run: fmaudit.Run) -> None:
    for write in (Card.html, Card.json, Card.markdown):
        assert write(card([run], "llama")) == write(card([run.directory.root, run], "llama"))
    assert json.loads(card([run], "llama").json())["sections"][1]["entries"]


def test_it_is_said_which_model_is_missing_or_meant(run: fmaudit.Run) -> None:
    for model, message in (("", "which model"), ("gpt", "no model 'gpt'")):
        with pytest.raises(ConfigError, match=message):
            card([run], model)
    with pytest.raises(ConfigError, match="no corpus or tokenizer 'nope'"):
        card([run], "llama", data=["nope"])
    with pytest.raises(ConfigError, match="list of runs"):
        card([])


def test_the_command_writes_the_same_card(run: fmaudit.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = card([run], "llama")
    where = str(run.directory.root)
    for format, text in (("html", made.html()), ("json", made.json()), ("markdown", made.markdown())):
        assert main(["llama", where, "--format", format]) == 0
        assert capsys.readouterr().out == text
    main(["mamba", where, "--data", "plain", "--format", "json", "-o", str(tmp_path / "card.json")])
    assert (tmp_path / "card.json").read_text("utf-8") == card([run], "mamba", data=["plain"]).json()
    with pytest.raises(ConfigError, match="cannot be written"):
        main(["llama", where, "-o", str(tmp_path / "no" / "card.md")])


def test_the_command_is_one_of_fmaudits() -> None:
    assert "card" in load_plugins().commands


def test_the_report_has_the_card_with_what_the_other_audits_of_the_run_found(run: fmaudit.Run) -> None:
    index = json.loads((run.directory.exhibits / "index.json").read_bytes())
    tables = {(entry["target"], entry["name"]) for entry in index}
    assert {("llama", "card-data"), ("llama", "card-model"), ("mamba", "card-model"), ("mamba", "card-unknown")} <= tables
    assert ("mamba", "card-data") not in tables
    file = next(entry["file"] for entry in index if (entry["target"], entry["name"]) == ("llama", "card-data"))
    import pyarrow.parquet as pq

    assert any(
        "times the tokens" in row["what"] and "(plain)" in row["what"] for row in pq.read_table(run.directory.exhibits / file).to_pylist()
    )


def test_measuring_again_gives_the_same_card(run: fmaudit.Run) -> None:
    before = card([run], "llama").json()
    from fmaudit.api.auditing import measure_again
    from fmaudit.api.remeasuring import prepare_again

    measure_again(prepare_again(run), run.directory)
    assert card([run], "llama").json() == before


def test_a_report_with_more_exhibits_than_room_keeps_some_of_every_audit() -> None:
    import pyarrow as pa

    from fmaudit.report.document import ExhibitRow
    from fmaudit.report.html import _first_of_each

    def row(audit: str, number: int) -> ExhibitRow:
        exhibit = fmaudit.Exhibit(name=f"{audit}-{number}", title="", data=pa.table({"x": [1]}))
        return ExhibitRow(audit=audit, target="t", exhibit=exhibit)

    rows = [*(row("many", i) for i in range(9)), *(row("few", i) for i in range(3))]
    assert [one.exhibit.name for one in _first_of_each(rows, 5)] == ["many-0", "many-1", "many-2", "few-0", "few-1"]
    assert _first_of_each(rows, 50) == rows
