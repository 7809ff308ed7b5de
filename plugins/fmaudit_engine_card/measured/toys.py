"""The toys as metrics and exhibits."""

from __future__ import annotations

from collections.abc import Iterator

from fmaudit import Exhibit, Metric, stats
from fmaudit_engine_card.measured.probes import Gradients, Recall, gradient_probe, recall_probe

__all__ = ["toys"]

SEEDS = 7
TOY = "a toy of 32 units, not this model"


def toys() -> Iterator[Metric | Exhibit]:
    """Yield gradients through time and recall from a fixed state."""
    runs = [gradient_probe(seed) for seed in range(SEEDS)]
    recalls = recall_probe()
    yield from _gradients(runs)
    yield from _recalls(recalls)
    yield _gradient_chart(runs)
    yield _recall_chart(recalls)


def _gradients(runs: list[tuple[Gradients, ...]]) -> Iterator[Metric]:
    from fmaudit_engine_card.measured.fits import median

    for i, first in enumerate(runs[0]):
        value, interval = median([run[i].rate for run in runs])
        yield Metric(
            name="gradient_rate", value=value, unit="ratio", n=len(runs), interval=interval, slice={"kind": first.kind},
            method="factor of the gradient at each further step, from 16 to 128 steps; median of seeds", note=TOY,
        )  # fmt: skip


def _recalls(recalls: tuple[Recall, ...]) -> Iterator[Metric]:
    for one in recalls:
        interval = stats.proportion(one.right, one.asked)
        yield Metric(
            name="recall", value=one.right / one.asked, unit="fraction", n=one.asked, interval=interval,
            slice={"memory": one.memory, "items": str(one.items)}, method=f"items given back / items; {interval.method}",
            note=f"{TOY}; it held {one.held_bytes:,} bytes",
        )  # fmt: skip


def _gradient_chart(runs: list[tuple[Gradients, ...]]) -> Exhibit:
    import statistics

    import pyarrow as pa

    rows = [
        {"steps": str(step), "gradient": statistics.median(run[i].norms[at] for run in runs), "of": first.kind}
        for i, first in enumerate(runs[0])
        for at, step in enumerate(first.steps)
    ]
    return Exhibit(
        name="gradients-through-time", title="How much of a gradient is left after so many steps", data=pa.Table.from_pylist(rows),
        kind="line", encoding={"x": "steps", "y": "gradient", "color": "of"}, unit="ratio", log=True,
        caption=f"Against one step; medians of {len(runs)} seeds. Toys of 32 units, the same in every card: they show the effect.",
    )  # fmt: skip


def _recall_chart(recalls: tuple[Recall, ...]) -> Exhibit:
    import pyarrow as pa

    rows = [{"items": str(one.items), "given back": one.right / one.asked, "of": one.memory} for one in recalls]
    return Exhibit(
        name="recall-by-items", title="What a memory of fixed size gives back", data=pa.Table.from_pylist(rows), kind="line",
        encoding={"x": "items", "y": "given back", "color": "of"}, unit="fraction",
        caption="Items stored under random keys of 32 numbers. A fixed state holds as many as it has dimensions; attention keeps them all, "
        "and grows with them. A toy, the same in every card.",
    )  # fmt: skip
