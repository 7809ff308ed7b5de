"""What a chat template adds to what is said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fmaudit import Metric, stats
from fmaudit_token_cost.measures.numbers import Floats, undefined
from fmaudit_token_cost.measures.premium import premiums
from fmaudit_token_cost.measures.sentences import Sentences

__all__ = ["chat"]


def chat(sentences: Sentences) -> Iterator[Metric]:
    """Yield the tokens a template adds to one turn and to each turn after it, and the premium of whole turns."""
    one, three = (sentences.columns[name] for name in ("chat_tokens", "chat_tokens_3"))
    if np.isnan(one).all():
        return
    alone = sentences.columns["tokens"][:, 0]
    first = one[:, 0] - alone
    later = (three[:, 0] - one[:, 0] - 2 * alone) / 2
    for turn, added in (("first", first), ("later", later)):
        yield _added(sentences, turn, added[np.isfinite(added)])
    yield from premiums(sentences, "premium_in_chat", one, "each sentence as the only turn of a conversation")


def _added(sentences: Sentences, turn: str, added: Floats) -> Metric:
    slice_ = {"turn": turn}
    if len(added) < sentences.settings.minimum_sentences:
        return undefined("template_tokens", "count", slice_, "the chat template refuses such a conversation", len(added))
    found = stats.mean(added)
    return Metric(
        name="template_tokens", value=found.value, unit="count", n=len(added), interval=found.interval, slice=slice_,
        method=f"tokens of the rendered turn less those of its text, {sentences.reference}",
        note="with what asks for an answer" if turn == "first" else "the mean of an answer and the next question",
    )  # fmt: skip
