"""Build the models and probe sets of `sample_data/` from the grammars in `demo_models/`.

    python scripts/make_demo_models.py [--out DIRECTORY] [--only base,chat,cautious,cases,key] [--threads 2]

Everything is drawn from fixed seeds: on one machine and with the same number of threads the weights come out bit for bit the
same; otherwise sums are rounded in another order, so the hashes in `models/planted.json` belong to the files that are shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from demo_models import recipe
from demo_models.cases import all_cases
from demo_models.network import load_network
from demo_models.planted import measure_base, measure_chat, planted_facts, write_json

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

STAGES = ("base", "chat", "cautious", "cases", "key")
DEFAULT_OUT = Path(__file__).parent.parent / "sample_data"


def _say(line: str) -> None:
    print(line, flush=True)


def _load(folder: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return load_network(folder), cast("PreTrainedTokenizerFast", tokenizer)


def _build_models(models: Path, stages: Sequence[str]) -> None:
    if "base" in stages:
        _say(f"base {recipe.build_base(models / 'base', _say)}")
    _, tokenizer = _load(models / "base")
    if "chat" in stages:
        _say(f"chat {recipe.build_chat(tokenizer, models / 'chat', _say)}")
    if "cautious" in stages:
        _say(f"cautious {recipe.build_cautious(tokenizer, models / 'chat', models / 'cautious', _say)}")


def _write_cases(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in all_cases({document.text for document in recipe.base_documents()}).items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")


def _write_key(out: Path) -> None:
    cases = {
        file.stem: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in (out / "cases").glob("*.jsonl")
    }
    models = out / "models"
    measured: dict[str, Any] = {"base": measure_base(_load(models / "base"), cases)}
    for name in ("chat", "cautious"):
        measured[name] = measure_chat(_load(models / name), cases, sampled=name == "chat")
    weights = {
        name: hashlib.sha256((models / name / "model.safetensors").read_bytes()).hexdigest() for name in ("base", "chat", "cautious")
    }
    write_json(models / "planted.json", {"weights_sha256": weights, "planted": planted_facts(), "measured": measured})


def main() -> None:
    """Run the wanted stages in their order."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="directory to write to (default: sample_data/)")
    parser.add_argument("--only", default=",".join(STAGES), help=f"stages to run, of {','.join(STAGES)}")
    parser.add_argument("--threads", type=int, default=2, help="processor threads; part of the recipe (default: 2)")
    options = parser.parse_args()
    stages = options.only.split(",")
    if unknown := set(stages) - set(STAGES):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    torch.set_num_threads(options.threads)
    if {"base", "chat", "cautious"} & set(stages):
        _build_models(options.out / "models", stages)
    if "cases" in stages:
        _write_cases(options.out / "cases")
    if "key" in stages:
        _write_key(options.out)


if __name__ == "__main__":
    main()
