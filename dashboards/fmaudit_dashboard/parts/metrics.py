"""Metrics as a table with their intervals drawn small."""

from __future__ import annotations

from collections.abc import Sequence

from fmaudit.records import Metric, format_slice
from fmaudit.report.document import MetricRow
from fmaudit.report.humane import count, show
from fmaudit.report.safe import clip
from fmaudit_dashboard.parts.markup import Markup, fill, join, put

__all__ = ["bar", "metric_csv", "metric_table", "tile"]


def metric_table(rows: Sequence[MetricRow], *, marked: str = "") -> None:
    """Show metrics of one name or of several; bars of one table share a scale."""
    extent = _extent([row.metric for row in rows])
    head = join(fill('<th class="{kind}">{name}</th>', kind=kind, name=name) for name, kind in _HEAD)
    body = join(_row(row, extent, row.name == marked) for row in rows)
    put(fill('<div class="fm fm-wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>', head=head, body=body))


_HEAD = (("metric", ""), ("slice", ""), ("value", "n"), ("interval", ""), ("drawn", ""), ("n", "n"), ("sources", "n"), ("how", ""))


def _row(row: MetricRow, extent: tuple[float, float] | None, marked: bool) -> Markup:
    metric = row.metric
    shown = show(metric)
    label = fill("<b>{name}</b>" if marked else "{name}", name=clip(metric.name.replace("_", " "), 60))
    words = ", ".join(f"{key} = {value}" for key, value in sorted(metric.slice.items()))
    return fill(
        '<tr><td class="w">{label}</td><td>{slice}</td><td class="n w">{value}</td><td class="w">{interval}</td><td>{bar}</td>'
        '<td class="n">{n}</td><td class="n">{clusters}</td><td class="soft" title="{note}">{method}</td></tr>',
        label=label, slice=clip(words, 160), value=shown.value, interval=shown.interval or clip(shown.reason, 80),
        bar=bar(metric, extent), n=count(metric.n), clusters="–" if metric.n_clusters is None else count(metric.n_clusters),
        note=clip(metric.note, 300), method=clip(metric.method, 60),
    )  # fmt: skip


def bar(metric: Metric, extent: tuple[float, float] | None) -> Markup:
    """Draw an interval with its value on a line."""
    if extent is None or metric.value is None or extent[1] <= extent[0]:
        return Markup("")
    low, high = (metric.interval.low, metric.interval.high) if metric.interval else (metric.value, metric.value)
    at = [min(max((value - extent[0]) / (extent[1] - extent[0]), 0.0), 1.0) * 100 for value in (low, high, metric.value)]
    return fill(
        '<span class="fm-bar" aria-hidden="true"><i style="left:{low}%;width:{wide}%"></i><b style="left:{value}%"></b></span>',
        low=f"{at[0]:.1f}", wide=f"{max(at[1] - at[0], 0):.1f}", value=f"{at[2]:.1f}",
    )  # fmt: skip


def _extent(metrics: Sequence[Metric]) -> tuple[float, float] | None:
    if len({metric.unit for metric in metrics}) != 1:
        return None
    ends = [end for m in metrics if m.interval for end in (m.interval.low, m.interval.high)] + [
        m.value for m in metrics if m.value is not None
    ]
    ends = [end for end in ends if abs(end) < 1e15]
    return (min(0.0, *ends), max(0.0, *ends)) if ends else None


def tile(label: str, value: str, under: str = "") -> Markup:
    """Write a number that stands for itself."""
    return fill(
        '<div class="fm-tile"><span class="soft">{label}</span><b>{value}</b><span class="soft">{under}</span></div>',
        label=label,
        value=value,
        under=under,
    )


def metric_csv(rows: Sequence[MetricRow]) -> tuple[list[str], list[dict[str, object]]]:
    """Lay metrics out for a download."""
    columns = ["metric", "target", "slice", "value", "low", "high", "n", "n_clusters", "unit", "method", "status", "note"]
    out: list[dict[str, object]] = []
    for row in rows:
        m = row.metric
        ends = (m.interval.low, m.interval.high) if m.interval else (None, None)
        cells = (row.name, row.target, format_slice(m.slice), m.value, *ends, m.n, m.n_clusters, m.unit, m.method, str(m.status), m.note)
        out.append(dict(zip(columns, cells, strict=True)))
    return columns, out
