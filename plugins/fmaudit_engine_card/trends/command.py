"""fmaudit scaling FILE: a table of models or runs, and the question that its columns answer."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fmaudit import ConfigError, FmauditError
from fmaudit_engine_card.trends.tables import Table, column, numbers, read_table

__all__ = ["KINDS", "Answer", "answer", "main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a table says: the kind of question, sentences, a table of cells, and the values for programs."""

    kind: str
    sentences: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A question: what it needs in words, which columns tell that it is asked (one name of each group), and who answers it."""

    needs: str
    groups: tuple[tuple[str, ...], ...]
    answer: Callable[[Table], Answer]


def _trend(rows: Table) -> Answer:
    from fmaudit_engine_card.trends.family import family_of_table, family_trend
    from fmaudit_engine_card.trends.tests import Trend

    family = family_of_table(rows)
    found = family_trend(family)
    order = sorted(range(len(family.sizes)), key=lambda i: family.sizes[i])
    if isinstance(found, Trend):
        shape = f"{found.shape}, p = {found.turn_p:.3g}" + (f", turns at {found.turning_size:g}" if found.turning_size is not None else "")
        told: tuple[str, ...] = (f"direction: {found.direction}, z = {found.z:.3g}, p = {found.p:.3g} ({found.method})", f"shape: {shape}")
        heads: tuple[str, ...] = ("model", "size", "successes", "totals", "rate")
        cells: list[tuple[str, ...]] = [
            (family.names[i], f"{family.sizes[i]:g}", f"{family.successes[i]:,}", f"{family.totals[i]:,}", f"{family.values[i]:.4g}")
            for i in order
        ]
    else:
        ends = f"{found.interval.low:.4g} to {found.interval.high:.4g}"
        told = (
            f"direction: {found.direction}, tau = {found.tau:.3g}, p = {found.p:.3g} ({found.method})",
            f"change for ten times the size: {found.slope:.4g} ({found.interval.level:.0%} interval {ends})",
        )
        heads, cells = (
            ("model", "size", family.metric),
            [(family.names[i], f"{family.sizes[i]:g}", f"{family.values[i]:.4g}") for i in order],
        )
    members = [{"name": family.names[i], "size": family.sizes[i], "value": family.values[i]} for i in order]
    return Answer(
        kind="trend", sentences=(*told, *found.notes), heads=heads, rows=tuple(cells), values={**asdict(found), "members": members}
    )


def _law(rows: Table) -> Answer:
    from fmaudit_engine_card.trends.laws import fit_law

    law = fit_law(rows)
    terms = " + ".join(f"{a} / {size}^{b}" for a, b, size in zip(("A", "B"), ("alpha", "beta"), law.sizes, strict=False))
    told = [f"loss = E + {terms}, fitted to {law.n} runs"]
    told += [f"{name}: {low:.3g} to {high:.3g} in the runs" for name, (low, high) in law.ranges.items()]
    cells = [
        (name, f"{value:.4g}", f"{law.intervals[name].low:.4g} to {law.intervals[name].high:.4g}", f"{law.intervals[name].level:.0%}")
        for name, value in law.values.items()
    ]
    values = {
        "values": dict(law.values), "intervals": {name: asdict(ends) for name, ends in law.intervals.items()}, "sizes": law.sizes,
        "ranges": dict(law.ranges), "n": law.n, "objective": law.objective,
    }  # fmt: skip
    return Answer(kind="law", sentences=tuple(told), heads=("number", "value", "interval", "level"), rows=tuple(cells), values=values)


def _front(rows: Table) -> Answer:
    from fmaudit_engine_card.trends.front import front

    name, cost, score = (column(rows, *names) or "" for names in KINDS["front"].groups)
    placed = front([str(row[name]) for row in rows], numbers(rows, cost), numbers(rows, score))
    best = [one.name for one in placed if one.on_front]
    cells = [(one.name, f"{one.cost:g}", f"{one.score:.4g}", "yes" if one.on_front else "no", ", ".join(one.beaten_by)) for one in placed]
    told = (
        f"on the front, cheapest first: {', '.join(best)}",
        "by the scores alone: whether a difference is more than luck takes scores item by item (`trends.choice.right_size`)",
    )
    values = {"front": best, "models": [asdict(one) | {"on_front": one.on_front} for one in placed]}
    return Answer(
        kind="front", sentences=told, heads=("model", "cost", "score", "on the front", "beaten by"), rows=tuple(cells), values=values
    )


_SIZE = ("size", "parameters", "params", "model size", "steps", "step")
_TOKENS = ("tokens", "training tokens", "d", "flops", "flop", "training flop", "compute", "c")
_LOSS = ("loss", "l")
# in the order in which a table is looked at; a law of a size whose columns are those of a trend as well has to be asked for
KINDS: Mapping[str, Kind] = {
    "front": Kind("model, cost, score", (("model", "name"), ("cost", "price"), ("score", "quality", "accuracy")), _front),
    "law": Kind(
        "n (parameters), d (tokens) or flop, loss; or one of them and loss, with --kind law where it may be a trend too",
        (("parameters", "params", "model size", "n", "size"), _TOKENS, _LOSS), _law,
    ),
    "trend": Kind(
        "size, and successes with totals (or value)",
        (_SIZE, ("successes", "hits", "correct", "k", "value", "loss", "score", "accuracy")), _trend,
    ),
}  # fmt: skip


def answer(rows: Table, kind: str = "") -> Answer:
    """Answer the question that a table's columns ask, or the one named.

    Raises ConfigError for columns that fit none, naming what each kind needs, StatisticsError for a table that is too small.
    """
    asked = kind or next((name for name, one in KINDS.items() if not _missing(rows, one)), "")
    if not asked and column(rows, *_LOSS) and column(rows, *KINDS["law"].groups[0], *_TOKENS):
        asked = "law"  # of one size, which is that of no trend
    if not asked or (kind not in ("", "law") and _missing(rows, KINDS[asked])):
        wanted = [f"{name} takes {one.needs}" for name, one in KINDS.items() if kind in ("", name)]
        have = ", ".join(map(str, rows[0]))
        raise ConfigError(f"columns {have} are {'no table of a ' + kind if kind else 'none that are known'}", hint="; ".join(wanted))
    return KINDS[asked].answer(rows)


def _missing(rows: Table, kind: Kind) -> list[str]:
    return [group[0] for group in kind.groups if column(rows, *group) is None]


def main(arguments: Sequence[str] | None = None, program: str = "fmaudit scaling") -> int:
    """Print the answer and return 0. Raises ConfigError for a file or columns that cannot be used, StatisticsError for too few rows."""
    options = _parser(program).parse_args(arguments)
    try:
        found = answer(read_table(options.file), options.kind)
    except FmauditError as error:
        words = str(error.args[0])
        raise type(error)(words if options.file in words else f"{options.file}: {words}", hint=error.hint) from None
    print(to_json(found) if options.json else to_markdown(found), end="")
    return 0


def to_markdown(found: Answer) -> str:
    """Write an answer as sentences and a table."""
    lines = [f"# {found.kind}", "", *(f"- {_cell(sentence)}" for sentence in found.sentences), ""]
    lines += [f"| {' | '.join(found.heads)} |", f"|{'---|' * len(found.heads)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in found.rows]
    return "\n".join(lines) + "\n"


def to_json(found: Answer) -> str:
    """Write an answer as JSON; what is no finite number is null."""
    plain = _plain({"kind": found.kind, "sentences": list(found.sentences), **found.values})
    return json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(text: str) -> str:
    """Keep a name on one line and within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Ask a table of models or runs how results grow: a trend with size, a scaling law, or the front of cost and quality.",
        epilog="Columns: " + "; ".join(f"{name}: {one.needs}" for name, one in KINDS.items()) + ".",
    )
    parser.add_argument("file", metavar="FILE", help="a table: .csv, .tsv, .jsonl, .json or .parquet, with a line of names")
    parser.add_argument("--kind", choices=sorted(KINDS), default="", help="the question, where the columns leave it open")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
