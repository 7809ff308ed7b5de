"""Suites are named as people write them: with hyphens or underscores, in the list and in their tables, and misspelt now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from fmaudit import AskParams, ConfigError, ItemSource, Params, Suite, SuiteAudit
from fmaudit.testing import assert_audit_contract, by_name, codes, covered, row


class Kindness(Suite):
    name: ClassVar[str] = "loving-kindness"
    title: ClassVar[str] = "Is it kind?"
    headlines: ClassVar[tuple[str, ...]] = ("kind_rate", "kind_words")
    tables: ClassVar[tuple[str, ...]] = ("tone",)

    def cases(self) -> list[Any]:
        return []

    async def observe(self, case: Any, asker: Any) -> list[Any]:
        return []

    def measure(self, rows: Any) -> list[Any]:
        return []

    def warnings(self) -> list[str]:
        return ["kindness costs nothing"] if self.params.temperature == 0 else []


class Tone(Kindness):
    name: ClassVar[str] = "tone"
    headlines: ClassVar[tuple[str, ...]] = ("tone_rate",)
    tables: ClassVar[tuple[str, ...]] = ()


class Pace(Tone):
    name: ClassVar[str] = "pace"


class Manners(SuiteAudit):
    name: ClassVar[str] = "manners"
    version: ClassVar[str] = "1"
    title: ClassVar[str] = "Manners"

    class Params(AskParams):
        suites: tuple[str, ...] = ("loving-kindness",)
        loving_kindness: ItemSource = ItemSource()
        tone: ItemSource = ItemSource()
        pace: ItemSource = ItemSource()

    available: ClassVar[Mapping[str, type[Suite] | str]] = {"loving-kindness": Kindness, "tone": Tone, "pace": Pace}


def manners(**given: Any) -> Manners:
    return Manners(Manners.Params.model_validate({"temperature": 1.0, **given}))


SET = {"columns": {"a": "b"}}


@pytest.mark.parametrize("listed", ["loving-kindness", "loving_kindness"])
@pytest.mark.parametrize("table", ["loving-kindness", "loving_kindness"])
def test_a_suite_may_be_written_with_hyphens_or_underscores_in_both_places(listed: str, table: str) -> None:
    audit = manners(**{"suites": [listed, "loving-kindness"], table: SET})
    assert list(audit.suites) == ["loving-kindness"]
    assert audit.params.loving_kindness.columns == {"a": "b"}  # type: ignore[attr-defined]
    assert audit.params.suites == ("loving-kindness",)  # type: ignore[attr-defined]
    assert_audit_contract(Manners)


def test_a_table_in_both_spellings_is_refused() -> None:
    with pytest.raises(ValueError, match="the table 'loving_kindness' is there twice"):
        manners(**{"loving-kindness": SET, "loving_kindness": SET})


def test_other_parameters_have_one_spelling() -> None:
    with pytest.raises(ValueError, match="max-new-tokens"):
        manners(**{"max-new-tokens": 3})


@pytest.mark.parametrize(
    ("written", "meant"), [("loving-kindnes", "loving-kindness"), ("loving_kindnes", "loving-kindness"), ("tome", "tone")]
)
def test_a_misspelt_suite_says_which_was_meant(written: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"no suite {written!r}") as caught:
        list(manners(suites=[written]).cases())
    assert f"did you mean {meant!r}? there are loving-kindness, tone, pace" in str(caught.value.hint)


def test_no_suite_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing would be asked"):
        list(manners(suites=[]).cases())


@pytest.mark.parametrize("role", ["judge", "reference"])
def test_a_second_judge_or_reference_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match="one model is asked, and a, b are named"):
        manners(**{role: {"a": {"uri": "demo:chat"}, "b": {"uri": "demo:base"}}})


def test_a_table_of_a_suite_that_is_off_is_told_unless_another_suite_reads_it() -> None:
    assert manners(pace=SET, tone=SET).warnings() == ["audit.manners: pace is set, and the suite 'pace' is not among the suites"]
    assert manners(pace={"columns": {}}).warnings() == []
    assert manners(suites=["loving_kindness", "pace"], pace=SET, tone=SET).warnings() == []


def test_what_several_suites_warn_of_is_told_once() -> None:
    assert manners(suites=["tone", "pace"], temperature=0).warnings() == ["audit.manners: kindness costs nothing"]
    assert manners(suites=["tone", "pace"], temperature=1).warnings() == []


def test_the_first_headline_of_every_suite_comes_before_the_second_of_any() -> None:
    assert manners(suites=["loving-kindness", "tone"]).headlines == ("kind_rate", "tone_rate", "kind_words")
    assert issubclass(Manners.Params, Params)


def test_rows_made_for_tests_have_the_columns_of_real_ones_and_no_others() -> None:
    made = row("a", value=1.0, case="c")
    assert (made["item"], made["case"], made["prompt"], made["value"], made["correct"]) == ("a", "c", "a", 1.0, None)
    assert made.keys() - {"case"} == set(SuiteAudit.schema.names)
    with pytest.raises(AssertionError, match="no column 'valeu'"):
        row("a", valeu=1.0)


def test_results_are_gathered_by_name_and_code() -> None:
    from fmaudit import Finding, Interval, Metric, Severity

    first = Metric(name="m", value=0.5, unit="fraction", n=4, slice={"k": "v"}, interval=Interval(0.25, 0.75))
    found = [first, Finding(code="c", severity=Severity.NOTE, sentence="So.")]
    assert by_name(found) == {"m{k=v}": first}
    assert codes(found) == ["c"]
    assert (covered([first], 0.25), covered([first, first], 0.8)) == (1.0, 0.0)
    with pytest.raises(AssertionError, match="was yielded twice"):
        by_name([first, first])


def test_only_tables_are_told_to_be_without_effect() -> None:
    """A suite may be called as a parameter of another kind is: `judge` names a model."""

    class Courts(Manners):
        available: ClassVar[dict[str, type[Suite]]] = {**Manners.available, "judge": Tone}

    named = Courts(Courts.Params.model_validate({"temperature": 1.0, "judge": {"a": {"uri": "demo:chat"}}}))
    assert Courts(Courts.Params.model_validate({"temperature": 1.0})).warnings() == named.warnings() == []


def test_a_limit_that_leaves_too_little_for_a_rate_is_told() -> None:
    (told,) = manners(limit=3).warnings()
    assert told == "audit.manners: limit is 3, and a rate takes 10 items (minimum_items): most will have no value"
    assert manners(limit=3, minimum_items=3).warnings() == manners(limit=10).warnings() == []
