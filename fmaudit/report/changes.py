"""A comparison as a page's template reads it: every text cut and visible, every list bounded, and what is left out counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmaudit.judge.comparing import Comparison
from fmaudit.report.comparison import comparison_view
from fmaudit.report.humane import number
from fmaudit.report.safe import clip
from fmaudit.report.scale import Scale

__all__ = ["Sizes", "changes_view", "drift_sentence", "setting_words"]

View = dict[str, Any]
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of a comparison is shown."""

    sure: int = 120
    rest: int = 60
    settings: int = 40
    drifts: int = 12
    parts: int = 8
    names: int = 40


def changes_view(comparison: Comparison, sizes: Sizes = Sizes()) -> View:
    """Lay a comparison out for HTML; `comparison_view` has the words."""
    view = comparison_view(comparison, sizes.rest)
    moved = [drift for drift in view["drifts"] if drift["sure"]]
    return {
        "before": clip(view["before"], 120),
        "after": clip(view["after"], 120),
        "headline": view["headline"],
        "alarm": any(row["outcome"] == "worse" for row in view["sure"]),
        "settings": [_setting(change) for change in view["settings"][: sizes.settings]],
        "settings_more": max(len(view["settings"]) - sizes.settings, 0),
        "sure": [_row(row) for row in view["sure"][: sizes.sure]],
        "sure_more": max(len(view["sure"]) - sizes.sure, 0),
        "drifts": [_drift(drift, sizes) for drift in moved[: sizes.drifts]],
        "drifts_more": max(len(moved) - sizes.drifts, 0),
        "still": [drift_sentence(drift) for drift in view["drifts"] if not drift["sure"]][: sizes.drifts],
        "still_more": max(len(view["drifts"]) - len(moved) - sizes.drifts, 0),
        "rest": [_row(row) for row in view["rest"]],
        "rest_more": view["more"],
        "only": [_only(view[side], view[f"only_{side}"], sizes.names) for side in ("before", "after") if view[f"only_{side}"]],
        "notes": [clip(note, 400) for note in view["notes"][: sizes.names]],
    }


def _only(run: str, names: Sequence[str], most: int) -> View:
    return {"run": clip(run, 120), "names": [clip(name, 200) for name in names[:most]], "more": max(len(names) - most, 0)}


def setting_words(change: Mapping[str, str]) -> tuple[str, str]:
    """Write both sides of a setting, digests by their beginning; a side that does not have it says so."""
    before, after = (_DIGEST.sub(r"\1…", change[side]) for side in ("before", "after"))
    if before == after:  # they differ further on
        before, after = change["before"], change["after"]
    if not change["before"]:
        return "–", "only here" if after == "there" else after
    if not change["after"]:
        return "only here" if before == "there" else before, "–"
    return before, after


def drift_sentence(drift: Mapping[str, Any]) -> str:
    """Write what a shift of shares comes to."""
    return clip(drift["sentence"], 800)


def _setting(change: Mapping[str, str]) -> View:
    before, after = setting_words(change)
    return {"name": clip(change["name"], 160), "before": clip(before, 240), "after": clip(after, 400)}


def _row(row: Mapping[str, Any]) -> View:
    cut = {name: clip(str(row[name]), 200) for name in ("metric", "target", "before", "after", "how")}
    base, brace, rest = cut["metric"].partition("{")
    return {**row, **cut, "base": base, "slice": brace + rest}


def _drift(drift: Mapping[str, Any], sizes: Sizes) -> View:
    parts = drift["parts"]
    place = Scale(0.0, max((end for part in parts for end in (part["before"], part["after"])), default=1.0))
    return {
        "title": clip(drift["title"], 160),
        "target": clip(drift["target"], 60),
        "sentence": drift_sentence(drift),
        "rows": [_part(part, place) for part in parts[: sizes.parts]],
    }


def _part(part: Mapping[str, Any], place: Scale) -> View:
    ends = [part["low"] * 100.0, part["high"] * 100.0]
    return {
        "part": clip(part["part"], 80),
        "before": number(part["before"], "fraction").value,
        "after": number(part["after"], "fraction").value,
        "change": f"{(part['after'] - part['before']) * 100:+.2f} ({ends[0]:+.2f} to {ends[1]:+.2f}) points".replace("-", "−"),
        "weight": number(part["weight"], "fraction").value,
        "bar": {"from": place(part["before"]), "to": place(part["after"])},
    }
