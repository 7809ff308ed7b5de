"""What is filtered stands in the address: a copied address shows the same rows, and no value in it does harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dashboard_support import HOSTILE
from hypothesis import given
from hypothesis import strategies as some

from fmaudit_dashboard.parts.filters import COMPARATORS, Column, _parse, _Row, _text
from fmaudit_dashboard.parts.links import FACETS

KEYS = ("language", "host", "rules", "outcome", "where", "sort", "order", "page", "find", "state", "before", "after", "suite", "label")


def html(app: Any) -> str:
    assert not app.exception, app.exception
    assert not app.error, [element.value for element in app.code]
    return "\n".join(element.proto.body for element in app.get("html"))


def box(app: Any, label: str) -> Any:
    return next(box for box in (*app.selectbox, *app.text_input, *app.multiselect) if box.label == label)


def grid(app: Any) -> list[dict[str, Any]]:
    frame = app.dataframe[0].value
    return json.loads(frame.to_json(orient="records"))


def copied(app: Any) -> dict[str, list[str]]:
    """Read the address as a link: every key with its values."""
    return {key: [values] if isinstance(values, str) else list(values) for key, values in app.query_params.items()}


def test_a_copied_address_shows_the_same_documents(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents")
    box(app, "Language").select("te").run()
    box(app, "Host").input("example").run()
    box(app, "Column 1").select("made.score").run()
    box(app, "Comparator 1").select("more than").run()
    box(app, "Value 1").input("0.2").run()
    box(app, "Column 2").select("made.label").run()
    box(app, "Value 2").input("good").run()
    box(app, "Sort by").select("characters").run()
    link = copied(app)
    assert link["where"] == ["made.score more-than 0.2", "made.label is good"]
    again = open_page(plain_runs, "documents", **link)
    assert grid(again) == grid(app)
    assert [row["characters"] for row in grid(again)] == sorted((row["characters"] for row in grid(again)), reverse=True)
    assert "that match, in 60" in html(again)
    assert copied(again) == link
    assert not again.warning


def test_the_page_and_the_direction_are_in_the_address_and_another_filter_begins_anew(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents", sort="characters", order="up", page="2")
    assert "<b>26–50</b>" in html(app)
    lengths = [row["characters"] for row in grid(app)]
    assert lengths == sorted(lengths)
    app.button(key="doc-next").click().run()
    assert copied(app)["page"] == ["3"]
    box(app, "Language").select("te").run()
    assert "page" not in app.query_params
    assert "<b>1–20</b>" in html(app)


def test_a_condition_that_is_taken_away_leaves_the_address_and_the_others_stay(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents", where=["made.flag is-true", "made.label is good", "host is-there"])
    box(app, "Column 1").select(None).run()
    assert copied(app)["where"] == ["made.label is good", "host is-there"]
    assert box(app, "Column 1").value == "made.label"
    assert box(app, "Value 1").value == "good"
    assert "of 30 that match" in html(app)


def test_a_condition_takes_the_first_comparator_of_a_column_of_another_kind(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents", where="made.label contains good")
    box(app, "Column 1").select("made.flag").run()
    assert copied(app)["where"] == ["made.flag is-true good"]
    assert "of 15 that match" in html(app)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("page", ["documents", "responses", "compare", "overview"])
def test_hostile_values_in_the_address_are_harmless(open_page, plain_runs: Path, page: str, key: str):
    values = [
        *HOSTILE,
        "x" * 5000,
        "-1",
        "999999999999",
        "1e9",
        "\u0663",
        "made.score more-than nan",
        '"; drop is 1',
        "id is \x00",
        "a\x00b",
    ]
    for value in (values, ALL_WHERE) if key == "where" else (HOSTILE[0], HOSTILE[8], "x" * 5000, "99999999", "-1", "a\x00b", ["en", "te"]):
        app = open_page(plain_runs, page, **{key: value})
        text = html(app)
        assert "<script" not in text
        if page == "documents":
            assert any(words in text for words in ("of 60", "in 60", "No document is like that"))
        if page == "documents" and key in ("rules", "outcome", "sort", "order", "page"):
            assert key not in app.query_params or value == ["en", "te"]
            assert "of 60" in text


ALL_WHERE = ["made.label is good"] * 500


def test_filters_that_name_nothing_are_told(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents", rules="none", sort="nothing", where="made.score beats 3")
    assert app.warning[0].value == "The link names a rule set and a condition and a column to sort by that are not here."
    assert not {"rules", "sort", "where"} & set(app.query_params)
    assert open_page(plain_runs, "documents", page="4").warning[0].value == "The link names a page that is not here."
    assert open_page(plain_runs, "documents", language="te", page="3").warning[0].value == "The link names a page that is not here."


def test_a_language_that_the_metrics_do_not_know_may_be_asked_for(open_page, plain_runs: Path):
    app = open_page(plain_runs, "documents", language="yo")
    assert box(app, "Language").value == "yo"
    assert "of 20 that match" in html(app)


def test_a_copied_address_shows_the_same_responses(open_page, plain_runs: Path):
    app = open_page(plain_runs, "responses")
    box(app, "Suite").select("refusal").run()
    box(app, "Column 1").select("log_prob").run()
    box(app, "Comparator 1").select("less than").run()
    box(app, "Value 1").input("-3").run()
    box(app, "Sort by").select("log_prob").run()
    link = copied(app)
    again = open_page(plain_runs, "responses", **link)
    assert grid(again) == grid(app)
    assert "of 4" in html(again)
    assert copied(again) == link
    other = open_page(plain_runs, "responses", suite="nothing", domain="x")
    assert other.warning[0].value == "The link names a suite and a domain that are not here."
    assert set(FACETS) & set(other.query_params) == set()


def test_compared_runs_are_named_in_the_address(open_page, plain_runs: Path):
    app = open_page(plain_runs, "compare")
    assert (copied(app)["before"], copied(app)["after"]) == (["run-0001-20261122"], ["run-0002-20261122"])
    turned = open_page(plain_runs, "compare", before="run-0002-20261122", after="run-0001-20261122", find="refused")
    assert (box(turned, "Before").value, box(turned, "Metric contains").value) == ("run-0002-20261122", "refused")
    assert "asked.refused" in html(turned)
    assert "made.share" not in html(turned)
    assert open_page(plain_runs, "compare", before="../x").warning[0].value == "The link names a run before that is not here."


def test_the_list_of_runs_is_filtered_by_the_address(open_page, plain_runs: Path):
    text = html(open_page(plain_runs, "overview", find="run-0001", state="partial"))
    assert "run-0001-20261122" in text
    assert "run-0002-20261122" not in text
    app = open_page(plain_runs, "overview", state=["partial", "nothing"])
    assert app.warning[0].value == "The link names a state that is not here."
    assert copied(app)["state"] == ["partial"]


NAMES = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(NAMES, some.sampled_from(["number", "text", "flag"]), some.data())
def test_a_condition_in_an_address_reads_back_whatever_its_column_is_called(name: str, kind: str, data: some.DataObject):
    value = data.draw(some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30))
    row = _Row(name, data.draw(some.sampled_from(sorted(COMPARATORS[kind]))), value)
    assert _parse(_text(row), {name: Column(name, kind), "is": Column("is", "text")}) == row
