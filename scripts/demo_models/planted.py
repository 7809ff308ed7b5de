"""The answer key: what was planted in the models, and what a plain evaluation of them measured."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo_models import recipe
from demo_models.actions import ACTIONS, SENSITIVE_TOPICS
from demo_models.corpus import DOMAIN_SHARES, LANGUAGE_SHARES, NOISE_SHARE, measured_shares
from demo_models.evaluation import answers, bits, choice_shares, holds, judged, ratio_interval
from demo_models.facts import FACTS
from demo_models.wordings import FALSE_PREMISES, HOW_TO, JUDGEMENTS, LINES, QUESTIONS, SUMS_ASKED

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

__all__ = ["measure_base", "measure_chat", "planted_facts"]

Row = dict[str, Any]
Loaded = tuple["LlamaForCausalLM", "PreTrainedTokenizerFast"]
SAMPLES = 5
TEMPERATURES = (0.7, 1.0, 1.2)


def planted_facts() -> Row:
    """What the recipe plans: shares, tiers, classes, and the size of every training."""
    tiers = Counter(fact.tier for fact in FACTS)
    shares = measured_shares(recipe.base_documents())
    frames = {
        "how-to": HOW_TO,
        "questions": QUESTIONS,
        "judgements": JUDGEMENTS,
        "false premises": FALSE_PREMISES,
        "sums": SUMS_ASKED,
        **LINES,
    }
    return {
        "shares_of_bytes": {
            "language": {"planned": LANGUAGE_SHARES, "in the text": shares["language"]},
            "english_domain": {"planned": DOMAIN_SHARES, "in the text": shares["domain"]},
            "noise": {"planned": 100 * NOISE_SHARE, "in the text": shares["noise"]["of all bytes"]},
        },
        "facts_by_tier": {f"{tier:.1f}": tiers[tier] for tier in sorted(tiers, reverse=True)},
        "actions": {kind: {"all": len(rows), "trained": sum(row.known for row in rows)} for kind, rows in ACTIONS.items()},
        "wordings": {name: {"trained": len(trained), "held_out": len(held_out)} for name, (trained, held_out) in frames.items()},
        "cautious_refuses": {"verbs": "every verb of harm, whatever it is done to", "topics": list(SENSITIVE_TOPICS)},
        "training": {
            "base": {"bytes": recipe.BASE_BYTES, "passes": 1},
            "chat": {"bytes_before": recipe.TRUNK_BYTES, "dialogues": recipe.CHAT_STEPS * recipe.ROWS, "steps": recipe.CHAT_STEPS},
            "cautious": {"from": "chat", "dialogues": recipe.CAUTIOUS_STEPS * recipe.ROWS, "steps": recipe.CAUTIOUS_STEPS},
        },
    }


def _rounded(value: float) -> float:
    return round(value, 4)


def measure_base(loaded: Loaded, cases: Mapping[str, Sequence[Row]]) -> Row:
    """Bits per parallel sentence and bits per byte by language and by domain, and the ratio Telugu to English."""
    network, tokenizer = loaded
    sentences: dict[str, list[float]] = defaultdict(list)
    figures: Row = {}
    for file, key in (("parallel", "language"), ("domains", "domain")):
        table: Row = {}
        for name, texts in _grouped(cases[file], key).items():
            found = bits(network, tokenizer, texts)
            size = sum(len(text.encode()) for text in texts)
            tokens = sum(len(row) for row in tokenizer(texts, add_special_tokens=False)["input_ids"])
            each = {"bits_each": sum(found) / len(found), "bits_per_byte": sum(found) / size, "tokens_each": tokens / len(found)}
            table[name] = {"n": len(found), **{metric: _rounded(value) for metric, value in each.items()}}
            sentences[name] = found
        figures[file] = table
    ratio, low, high = ratio_interval(sentences["te"], sentences["en"])
    figures["te_to_en"] = {"value": _rounded(ratio), "low": _rounded(low), "high": _rounded(high), "n": len(sentences["te"])}
    return figures


def _grouped(rows: Iterable[Row], key: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row["text"])
    return groups


_CELLS: dict[str, Callable[[Row], str]] = {
    "questions": lambda row: f"{row['stratum']}/{row['language']}",
    "arithmetic": lambda row: str(row["stratum"]),
    "refusals": lambda row: f"{row['stratum']}/{row['intent']}",
    "instructions": lambda row: f"{row['stratum']}/{row['check']['kind']}",
    "false_premises": lambda row: f"{row['stratum']}/{row['premise']}",
}


def measure_chat(loaded: Loaded, cases: Mapping[str, Sequence[Row]], *, sampled: bool) -> Row:
    """Shares of judged greedy answers by cell with n; with `sampled`, what forced choice and five samples say by tier."""
    network, tokenizer = loaded
    figures: Row = {}
    for file, cell_of in _CELLS.items():
        rows = cases[file]
        cells: dict[str, Counter[str]] = defaultdict(Counter)
        for row, answer in zip(rows, answers(network, tokenizer, [row["prompt"] for row in rows]), strict=True):
            cells[cell_of(row)][judged(row, answer)] += 1
            if file == "refusals" and row["intent"] == "plain":
                cells[f"{row['stratum']}/plain, {'sensitive' if row['cautious_refuses'] else 'other'} topics"][judged(row, answer)] += 1
        figures[file] = {
            name: {"n": cell.total(), **{word: _rounded(k / cell.total()) for word, k in sorted(cell.items())}}
            for name, cell in cells.items()
        }
    if sampled:
        figures["forced_choice"] = _choices(loaded, cases["questions"])
        figures["sampling"] = {f"T={temperature}": _sampled(loaded, cases["questions"], temperature) for temperature in TEMPERATURES}
    return figures


def _choices(loaded: Loaded, questions: Sequence[Row]) -> Row:
    """Mean probability of the right answer among the three planned ones, and how often it is the likeliest, by tier."""
    cells: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in questions:
        if row["language"] == "en" and row["tier"] is not None:
            shares = choice_shares(*loaded, row["prompt"], [row["gold"], *row["wrong"]])
            for tier in ("all", f"{row['tier']:.1f}"):
                cells[f"{row['stratum']}/{tier}"].append((shares[0], float(shares[0] == max(shares))))
    return {
        name: {
            "n": len(scores),
            "probability_of_gold": _mean(score[0] for score in scores),
            "accuracy": _mean(score[1] for score in scores),
        }
        for name, scores in sorted(cells.items())
    }


def _label(row: Row, answer: str) -> str:
    return next((word for word in (row["gold"], *row["wrong"]) if holds(answer, word)), answer)


def _sampled(loaded: Loaded, questions: Sequence[Row], temperature: float) -> Row:
    """Pairwise agreement of the answers that are named, and their accuracy, by tier, on the English questions of known wording."""
    rows = [row for row in questions if row["stratum"] == "known" and row["language"] == "en"]
    draws = [answers(*loaded, [row["prompt"] for row in rows], temperature=temperature, seed=seed) for seed in range(SAMPLES)]
    cells: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row, *given in zip(rows, *draws, strict=True):
        labels = [_label(row, answer) for answer in given]
        same = [labels[i] == labels[j] for i in range(SAMPLES) for j in range(i)]
        scores = (sum(same) / len(same), labels.count(row["gold"]) / SAMPLES)
        for cell in ("all", f"{row['tier']:.1f}"):
            cells[cell].append(scores)
    return {
        name: {"n": len(scores), "agreement": _mean(score[0] for score in scores), "accuracy": _mean(score[1] for score in scores)}
        for name, scores in sorted(cells.items())
    }


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return _rounded(sum(found) / len(found))


def write_json(path: Path, value: Row) -> None:
    """Write a key with sorted names, readable by a person."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
