"""What a rule and a rule set are: thresholds as data, decisions as SQL over stored counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

__all__ = ["Comparison", "Guard", "MetadataRule", "Rule", "RuleSet", "Test", "double", "identifier", "literal"]

Comparison = Literal[">", "<", ">=", "<=", "=", "!="]


def double(value: float) -> str:
    """Write a number as a DOUBLE literal with every bit of the Python float (a bare 0.3 would be a DECIMAL in SQL)."""
    number = float(value)
    if math.isnan(number):
        raise ValueError("a threshold must be a number, not nan")
    return f"CAST('{number!r}' AS DOUBLE)"


def literal(text: str) -> str:
    """Write a text literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Write a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


class Test(Protocol):
    """One test of a rule set: a reason, and the SQL that is true where a document fails it (never NULL)."""

    @property
    def reason(self) -> str:
        """The reason given for removing a document."""
        ...

    def violated(self) -> str:
        """The SQL expression over `documents`, true or false."""
        ...


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on one column without which a rule is not asked."""

    column: str
    comparison: Comparison
    value: int

    def sql(self) -> str:
        """Write the condition."""
        return f"{self.column} {self.comparison} {self.value}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Remove a document where `numerator / denominator` compares with the threshold.

    Counts are summed within a side, turned into doubles, divided and compared: bit for bit what Python's `a / b > t`
    does. Where the denominator is 0 the ratio does not exist and the rule is not broken (datatrove raises there, or
    never gets there). With `falsy_disables` a threshold of 0 or None switches the rule off, as datatrove does.
    """

    reason: str
    numerator: tuple[str, ...]
    comparison: Comparison
    threshold: float | None
    denominator: tuple[str, ...] = ()
    parameter: str = ""  # datatrove's own name of the threshold; empty where there is none
    falsy_disables: bool = True
    guard: tuple[Guard, ...] = ()

    @property
    def active(self) -> bool:
        """Whether the rule is asked at all."""
        return self.threshold is not None and not (self.falsy_disables and self.parameter and not self.threshold)

    def violated(self) -> str:
        """The SQL expression over `documents`, true or false."""
        if self.threshold is None:
            return "FALSE"
        compared = f"{self._quantity()} {self.comparison} {double(self.threshold)}"
        return "(" + " AND ".join([*self._conditions(), compared]) + ")"

    def value(self) -> str:
        """The SQL expression that is compared, NULL where the rule is not asked."""
        conditions = " AND ".join(self._conditions())
        return f"CASE WHEN {conditions} THEN {self._quantity()} END" if conditions else self._quantity()

    def _conditions(self) -> list[str]:
        divides = [f"{_total(self.denominator)} > 0"] if self.denominator else []
        return [*(guard.sql() for guard in self.guard), *divides]

    def _quantity(self) -> str:
        return _total(self.numerator) + (f" / {_total(self.denominator)}" if self.denominator else "")

    def at(self, threshold: float) -> Rule:
        """The same rule at another threshold."""
        return replace(self, threshold=threshold)

    def moved(self, change: float) -> float | None:
        """The threshold moved by a share of itself; counts move by at least one. None where nothing can move."""
        if self.threshold is None or not self.parameter or not self.active:
            return None
        moved = self.threshold * (1 + change)
        if self.denominator:
            return moved if moved != self.threshold else None
        step = max(1, round(abs(self.threshold * change)), round(abs(change) * 10))
        return self.threshold + math.copysign(step, change)


@dataclass(frozen=True, slots=True)
class MetadataRule:
    """Keep a document where a metadata field compares with a value; missing values are a reason of their own."""

    field: str
    comparison: Comparison
    value: float | str
    missing: bool = False

    @property
    def reason(self) -> str:
        """The field's name, marked where the value is missing or not a number."""
        return f"{self.field} (missing)" if self.missing else self.field

    def violated(self) -> str:
        """The SQL expression over `documents`, true or false."""
        column = f"meta.{identifier(self.field)}"
        if isinstance(self.value, str):
            absent, compared = f"{column} IS NULL", f"{column} {self.comparison} {literal(self.value)}"
        else:
            number = f"TRY_CAST({column} AS DOUBLE)"
            absent, compared = f"({number} IS NULL OR isnan({number}))", f"{number} {self.comparison} {double(self.value)}"
        return absent if self.missing else f"(NOT {absent} AND NOT coalesce({compared}, TRUE))"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """An ordered list of tests; the first that a document fails gives datatrove's reason.

    `made_for` names the language the rules were written for, as a code and a word; empty for none.
    `cleaned` names the column with the hash of the text the rule set would write, for those that rewrite.
    """

    name: str
    tests: tuple[Test, ...]
    made_for: tuple[str, ...] = ()
    cleaned: str = ""
    keeps_unterminated_lines: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons in order."""
        return tuple(test.reason for test in self.tests)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The tests that are thresholds over counts."""
        return tuple(test for test in self.tests if isinstance(test, Rule))

    def mask(self) -> str:
        """SQL: an integer with bit i set where test i fails; 0 for a kept document."""
        return "(" + (" | ".join(f"(CAST({test.violated()} AS INTEGER) << {i})" for i, test in enumerate(self.tests)) or "0") + ")"

    def keep(self) -> str:
        """SQL: true where no test fails."""
        return f"(NOT {_any([test.violated() for test in self.tests])})"

    def first_reason(self) -> str:
        """SQL: the first reason in order, NULL for a kept document."""
        if not self.tests:
            return "CAST(NULL AS VARCHAR)"
        branches = " ".join(f"WHEN {test.violated()} THEN {literal(test.reason)}" for test in self.tests)
        return f"CASE {branches} END"

    def first_place(self) -> str:
        """SQL: the place of the first reason among `reasons`, 1 for the first; 0 for a kept document."""
        branches = " ".join(f"WHEN {test.violated()} THEN {place}" for place, test in enumerate(self.tests, 1))
        return f"CAST(CASE {branches} ELSE 0 END AS SMALLINT)" if branches else "CAST(0 AS SMALLINT)"

    def all_reasons(self) -> str:
        """SQL: every reason in order, an empty list for a kept document."""
        if not self.tests:
            return "CAST([] AS VARCHAR[])"
        found = ", ".join(f"CASE WHEN {test.violated()} THEN {literal(test.reason)} END" for test in self.tests)
        return f"list_filter([{found}], lambda reason: reason IS NOT NULL)"

    def cleaned_sha256(self) -> str | None:
        """SQL: lower-case hex of the rewritten text's hash, NULL for a removed document; None where nothing is rewritten."""
        return f"CASE WHEN {self.keep()} THEN lower(hex({self.cleaned})) END" if self.cleaned else None


def _total(columns: Sequence[str]) -> str:
    """Sum columns as doubles; counts are far below 2^53, so this is exact."""
    parts = [f"CAST({column} AS DOUBLE)" for column in columns]
    return parts[0] if len(parts) == 1 else "(" + " + ".join(parts) + ")"


def _any(conditions: Sequence[str]) -> str:
    return "(" + " OR ".join(conditions) + ")" if conditions else "FALSE"
