"""What [audit.token-cost] may say."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from fmaudit import Params, Tokenizers

__all__ = ["TokenCostParams"]


class TokenCostParams(Params):
    """Parameters of the token-cost audit."""

    parallel: Path | None = Field(
        None, description="The same sentences in many languages: a folder of CODE.txt, or a .tsv or .jsonl; by default the built-in 64."
    )
    reference: str = Field("en", description="The language whose tokens are 1.")
    protocol: Literal["sentences", "joined"] = Field(
        "sentences", description="Encode sentences one by one, or each language's text as one, joined by a space (Petrov et al. 2023)."
    )
    tokenizers: Tokenizers = Field(default_factory=dict, description="The tokenizers a corpus is counted with.")
    price: float | None = Field(None, ge=0, description="Money for a million tokens.")
    prices: dict[str, float] = Field(default_factory=dict, description="The same by tokenizer, where they differ.")
    currency: str = Field("USD", description="What prices are in.")
    context_window: int | None = Field(None, ge=1, description="Tokens the model takes at once.")
    dear: float = Field(2.0, gt=1, description="Report languages whose text takes more than this many times the tokens.")
    unspelled: float = Field(0.01, ge=0, lt=1, description="Report languages of whose characters more than this share is unknown.")
    draws: int = Field(2000, ge=100, description="Resamples of the bootstrap.")
    minimum_sentences: int = Field(20, ge=2, description="The fewest sentences a number is given for.")
    minimum_documents: int = Field(30, ge=2, description="The fewest documents a number of a corpus is given for.")

    def price_of(self, tokenizer: str) -> float | None:
        """Return the price of a million tokens of a tokenizer, by its name in audit.toml."""
        return self.prices.get(tokenizer, self.price)
