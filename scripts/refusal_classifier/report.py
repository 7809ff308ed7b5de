"""The page of results of the refusal classifier."""

from __future__ import annotations

from typing import Any

__all__ = ["page"]

_COLUMNS = (
    "accuracy",
    "kappa",
    "sensitivity",
    "recall of partial",
    "false alarms",
    "rate error",
    "accuracy of three",
    "kappa of three",
    "F1 of partial",
)

_TOP = """# Refusal classifier: agreement with human labels

    python scripts/refusal_classifier/learn.py XSTEST_FOLDER
    python scripts/refusal_classifier/evaluate.py XSTEST_FOLDER

XSTEST_FOLDER holds the completions that XSTest publishes with the labels of two annotators (450 prompts, two models; their pooled
agreement over five models is .964). Every row tells how the classifier does on a model whose completions it did **not** learn from: its
weights come from the other model and from {written} examples written for this project. Refusal means full or partial refusal; rate error
is in points of the refusal rate.

**Read the rows as an upper bound.** Only the weights keep the two models apart. The lists of cues were written and mended with the errors
on both models in view, and the few settings of the learning were chosen on these rows. A model of another make may do worse: label a
sample of its own completions before correcting a rate.

## Across models

"""

_INTENTS = """
The rate errors above are over all prompts, where errors of both kinds cancel. Over-refusal is of safe prompts and under-refusal of unsafe
ones. The last column is of the shipped weights, which learned from both models:

"""

_MIDDLE = """
Calibration (comply against refusal, ten equally filled bins, across models): expected error {error:.3f}.
Speed: {fast:.0f} completions per second of processor time on one core (900 characters on average, language guessed).

## By class, across models

"""

ENGLISH = "half of it\n  was looked at and mended; the other half, before it was looked at too, gave .82 / 1.00."

_LANGUAGES = """
Partial refusals are seldom told from full ones: most partial labels of one model are answers to another reading of the question after a
refusal, of the other "I don't have access to that". Count them as refusals, and take the three-way split for a hint.

## By language

Two sets, {n} completions written independently of the classifier by two authors; the language is guessed. Each cell: sensitivity /
specificity with 95 % Wilson intervals.

- The first set (273, 15 languages) is hard: many of its answers refuse without saying so ("let's talk about something else", "that part I
  leave out").
- The second (401, 18 languages and English) is written as chat models write. Of the languages other than English one half was never looked
  at by those who mended cues: **the row "unseen half" is the fair figure for answers in other languages.** English: {english}
  Before the cues were mended the unseen half gave .67 / .94.

*First contact* was measured once on the frozen classifier, before the set had been looked at. *Now* is after cues that the misses showed to
be lacking were added: it says that the cues work, not how well they will do on other texts.

"""


_STYLES = """
## By style, on answers that nobody who mended the cues has read

320 English answers in the manner of eight models and 100 in ten other languages (tests/alignment/refusal_trial.jsonl), written and
labelled by one author before the classifier was tried on them. A first trial gave accuracy .903, kappa .805, false alarms .102, F1 of
partial .554 in English and .890, .780 in the other languages. Then the kinds of misses were told to those who mend, in general words
without a text, and this is the second trial. Imitations are not recordings: a real model may do worse.

"""


def page(
    figures: dict[str, Any], rows: dict[str, dict[str, dict[str, Any]]], intents: list[dict[str, Any]], error: float, fast: float,
    styles: dict[str, dict[str, Any]],
) -> str:  # fmt: skip
    """Write the page from the figures, the summaries by way of labelling, intent and style, the calibration error and the speed."""
    from completions import written

    top = _TOP.format(written=len(written())) + _summaries(rows) + _INTENTS + by_intents(intents)
    middle = _MIDDLE.format(error=error, fast=fast) + _classes(figures["models"])
    text = _LANGUAGES.format(n=figures["languages"]["all"]["n"], english=ENGLISH)
    return top + middle + text + _sets(figures) + "\n" + _languages(figures) + _STYLES + _summaries({"this classifier": styles})


def by_intents(rows: list[dict[str, Any]]) -> str:
    """Write the table of safe and unsafe prompts."""

    def cell(value: float | None, form: str) -> str:
        return "–" if value is None else format(value, form)

    lines = [
        [one["tried on"], one["prompts"], str(one["n"]), *(f"{100 * one[key]:.1f} %" for key in ("by people", "by the classifier")),
         f"{100 * (one['by the classifier'] - one['by people']):+.1f}", cell(one["sensitivity"], ".3f"), cell(one["false alarms"], ".3f"),
         f"{100 * one['as shipped']:.1f} %"]
        for one in rows
    ]  # fmt: skip
    head = [
        "tried on",
        "prompts",
        "n",
        "refused, by people",
        "by the classifier",
        "rate error",
        "sensitivity",
        "false alarms",
        "by the shipped weights",
    ]
    return _table(head, lines)


def _table(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]) + "\n"


def _summaries(rows: dict[str, dict[str, dict[str, Any]]]) -> str:
    lines = []
    for way, models in rows.items():
        for name, one in models.items():
            lines.append(
                [
                    way,
                    name,
                    str(one["n"]),
                    *("–" if one[key] is None else f"{one[key]:.{1 if key == 'rate error' else 3}f}" for key in _COLUMNS),
                ]
            )
    return _table(["labelled by", "tried on", "n", *_COLUMNS], lines)


def _classes(models: dict[str, Any]) -> str:
    lines = []
    for name, one in models.items():
        for kind, rates in one["classes"].items():
            lines.append([name, kind, str(rates["sensitivity"]["n"]), _interval(rates["sensitivity"]), _interval(rates["specificity"])])
    return _table(["tried on", "class", "n of the class", "sensitivity", "specificity"], lines)


def _sets(figures: dict[str, Any]) -> str:
    rows = (
        ("first set, first contact", figures["languages_first"]["all"]),
        ("second set without English, first contact", figures["languages_second_first"]["all"]),
        ("second set, English, first contact", figures["languages_second_first"]["en"]),
        ("second set, unseen half, now", figures["languages_unseen"]["all"]),
        ("both sets, now", figures["languages"]["all"]),
    )
    lines = [[name, str(one["n"]), *(_pair(one, kind) for kind in ("refusal", "refuse", "partial"))] for name, one in rows]
    return _table(["set", "n", "refusal", "full refusal", "partial"], lines)


def _languages(figures: dict[str, Any]) -> str:
    lines = []
    for name, one in figures["languages"].items():
        firsts = [figures[key].get(name) if name != "all" else None for key in ("languages_first", "languages_second_first")]
        lines.append(
            [name, str(one["n"]), str(one.get("guessed", "–")), *(_pair(first, "refusal") for first in firsts), _pair(one, "refusal")]
        )
    return _table(["language", "n", "language guessed right", "first set, first contact", "second set, first contact", "both, now"], lines)


def _pair(one: dict[str, Any] | None, kind: str) -> str:
    return "–" if one is None else f"{_interval(one['classes'][kind]['sensitivity'])} / {_interval(one['classes'][kind]['specificity'])}"


def _interval(rate: dict[str, Any]) -> str:
    return "–" if rate["value"] is None else f"{rate['value']:.2f} ({rate['low']:.2f}–{rate['high']:.2f})"
