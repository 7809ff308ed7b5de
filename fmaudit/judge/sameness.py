"""Whether two runs measured the same thing in the same way: then whatever they found equal did not change at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fmaudit.judge.change import Change
from fmaudit.records import Interval, Metric

__all__ = ["made_from", "unchanged"]

_IDLE = ("cores",)  # of the environment: what changes no number


def made_from(plan: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return a digest of all that the numbers of every audit depend on, by audit and target, from a plan.json.

    Files with size and time, fields and limits, the code and the settings of what looked at them, parameters, seed and versions. What a
    model answered is left out: it may be drawn anew, so that the same answers twice leave open what a third time would show.
    """
    environment = {name: version for name, version in (plan.get("environment") or {}).items() if name not in _IDLE}
    found = {}
    for record in plan.get("audits") or ():
        looked_at = _target(plan, record["target"])
        if looked_at is not None:
            stamp = [{key: value for key, value in record.items() if key != "title"}, looked_at, plan.get("seed"), environment]
            found[record["audit"], record["target"]] = hashlib.sha256(json.dumps(stamp, sort_keys=True).encode()).hexdigest()
    return found


def unchanged(before: Metric, after: Metric) -> Change | None:
    """Return the change of a metric that two runs measured on the same thing in the same way; None where it is another number.

    Two runs of one plan may differ yet: what was lost on the way is in no plan.
    """
    if before != after or after.value is None:
        return None
    level = after.interval.level if after.interval else 0.95
    return Change(
        value=0.0, interval=Interval(0.0, 0.0, level, "the same data"), p_value=1.0, detectable=0.0,
        method="the same files, settings and versions: nothing was drawn anew",
    )  # fmt: skip


def _target(plan: Mapping[str, Any], name: str) -> Any:
    """Return what says which corpus or tokenizer was looked at and how; None of a model, and of what has no files."""
    corpus, tokenizer = (plan.get("corpora") or {}).get(name), (plan.get("tokenizers") or {}).get(name)
    if corpus is not None:
        kept = {key: value for key, value in corpus.items() if key != "splits"}  # how the work was cut up
        return [kept, plan["settings"]["corpus"].get(name)] if corpus.get("files") else None
    return tokenizer if tokenizer is not None and tokenizer.get("fingerprint") else None
