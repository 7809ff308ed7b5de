"""Claims about the memory of training: weights, gradients and the states of the optimiser."""

from __future__ import annotations

import re

from fmaudit_engine_card.claims.judging import Scenario, judge, unverifiable
from fmaudit_engine_card.claims.records import Claim, Verdict

__all__ = ["check_training_memory"]

ADAM = 16.0  # bytes a parameter: 2 weights, 2 gradients, 4 master weights, 4 + 4 moments
FULL = 20.0  # with gradients kept in 32 bits as well, and as many again for their sum
LEAST = 6.0  # weights, gradients and one moment more in 16 bits: below it no Adam trains all parameters in one place
_ADAM = re.compile(r"\bAdam\w*", re.I)
_LESS = re.compile(
    r"\b(?:q?lora|adapters?|peft|prefix|8[-\s]bit|4[-\s]bit|int8|int4|fp8|nf4|quanti\w+|offload\w*|zero|fsdp|shard\w*"
    r"|per (?:gpu|device|card)"
    r"|each|frozen|freez\w+|galore|lomo|adafactor|only|part\w*|layers?|states|gradients?)\b",
    re.I,
)


def check_training_memory(claim: Claim) -> Verdict:
    """Compare with 16 to 20 bytes a parameter (Rajbhandari et al. 2020, ZeRO, section 3.1); only far less with a full Adam is wrong."""
    model, size = claim.given["model"], claim.given["size"]
    count = size.value if size is not None else model.parameters if model is not None else None
    assert claim.value is not None, "a memory has a value"
    if count is None:
        return unverifiable(claim, "the number of parameters is not at hand")
    text = f"{count / 1e9:,.4g}B x 16 bytes = {count * ADAM / 1e9:,.4g} GB"
    rows = [
        Scenario(count * ADAM, text, "16 bytes a parameter (2 + 2 + 12) for training with Adam, activations left out", high=count * FULL)
    ]
    source = "Rajbhandari et al. 2020, ZeRO (arXiv 1910.02054), section 3.1"
    made = judge(claim, rows, slack=0.06, source=source, unit="bytes")
    certain = _ADAM.search(claim.text) and not _LESS.search(claim.text) and claim.value.high < LEAST * count
    if claim.denied or (made.status == "wrong" and not certain):
        told = "memory of training hangs on the optimiser, what is trained and the activations; with Adam and all parameters "
        return unverifiable(claim, f"{told}it is about {count * ADAM / 1e9:,.4g} GB", source)
    return made
