"""Attention, feed-forward blocks and experts, as weights and what they remember."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fmaudit_engine_card.architecture.parts import Attends, Weight, matrix, table, vector

__all__ = ["TOO_FEW", "Heads", "Latent", "embedding", "experts", "feed_forward", "head", "norm"]

TOO_FEW = "as many experts as a token uses, or more, are needed: look at num_experts_per_tok and the number of experts"


@dataclass(frozen=True, slots=True)
class Heads:
    """Attention with query heads and as many or fewer key-value heads (MHA, GQA, MQA), each of one `width`."""

    hidden: int
    queries: int
    keys: int
    width: int
    qkv_bias: bool = False
    out_bias: bool = False

    def weights(self) -> tuple[Weight, ...]:
        """Describe the four projections."""
        return (
            matrix("attention", self.hidden, self.queries * self.width, self.qkv_bias),
            matrix("attention", self.hidden, 2 * self.keys * self.width, self.qkv_bias),
            matrix("attention", self.queries * self.width, self.hidden, self.out_bias),
        )

    def attends(self, window: int | None = None, *, causal: bool = True, kept: bool = True) -> Attends:
        """Describe what a pair costs, 4 heads width, and what a token leaves behind, a key and a value for each key-value head."""
        return Attends(
            pair_flops=4 * self.queries * self.width,
            kept=2 * self.keys * self.width if kept else 0,
            kept_full=2 * self.queries * self.width if kept else 0,
            window=window,
            causal=causal,
        )


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention (DeepSeek-V2): keys and values come from a compressed latent of `rank` numbers plus one rotary key."""

    hidden: int
    queries: int
    rank: int
    query_rank: int | None
    plain: int  # width of a head's key without position
    rotary: int  # width of the key with position, shared by all heads
    value: int
    bias: bool = False

    def weights(self) -> tuple[Weight, ...]:
        """Describe the projections down to the latents and up from them."""
        query = self.queries * (self.plain + self.rotary)
        down = (
            (matrix("attention", self.hidden, query),)
            if self.query_rank is None
            else (
                matrix("attention", self.hidden, self.query_rank, self.bias),
                vector("norms", self.query_rank),
                matrix("attention", self.query_rank, query),
            )
        )
        return (
            *down,
            matrix("attention", self.hidden, self.rank + self.rotary, self.bias),
            vector("norms", self.rank),
            matrix("attention", self.rank, self.queries * (self.plain + self.value)),
            matrix("attention", self.queries * self.value, self.hidden, self.bias),
        )

    def attends(self) -> Attends:
        """Describe a pair's cost in the expanded form, and the latent that is kept in place of keys and values."""
        return Attends(
            pair_flops=2 * self.queries * (self.plain + self.rotary) + 2 * self.queries * self.value,
            kept=self.rank + self.rotary,
            kept_full=self.queries * (self.plain + self.value),
        )


def feed_forward(
    module: str, hidden: int, inner: int, *, gated: bool, bias: bool = False, copies: int = 1, active: int = 1
) -> tuple[Weight, ...]:
    """Describe up (twice where gated) and down; of experts, `copies` of them."""
    given = {"copies": copies, "active": active}
    ups = tuple(matrix(module, hidden, inner, bias, **given) for _ in range(2 if gated else 1))
    return (*ups, matrix(module, inner, hidden, bias, **given))


def experts(
    hidden: int,
    inner: int,
    count: int,
    active: int,
    *,
    shared: int = 0,
    shared_gate: bool = False,
    bias: bool = False,
    router_bias: bool = False,
) -> tuple[Weight, ...]:
    """Describe a router, `count` gated experts of which a token meets `active`, and a shared one of width `shared` that all tokens meet."""
    weights = [
        matrix("router", hidden, count, router_bias),
        *feed_forward("experts", hidden, inner, gated=True, bias=bias, copies=count, active=active),
    ]
    if shared:
        weights += feed_forward("shared-experts", hidden, shared, gated=True)
    if shared_gate:
        weights.append(matrix("router", hidden, 1))
    return tuple(weights)


def norm(kind: str, width: int, times: int = 1) -> Iterable[Weight]:
    """Describe norms: "rms" has a gain, "layer" a gain and a bias, "none" neither."""
    size = {"rms": 1, "layer": 2, "none": 0}[kind] * width * times
    return (vector("norms", size),) if size else ()


def embedding(vocabulary: int, width: int, positions: int = 0) -> tuple[Weight, ...]:
    """Describe the table of tokens, and that of learned positions."""
    tokens = table("embedding", vocabulary, width)
    return (tokens, table("embedding", positions, width)) if positions else (tokens,)


def head(vocabulary: int, width: int, *, tied: bool, bias: bool = False) -> Weight:
    """Describe the output matrix; a tied one has no parameters of its own, and computes all the same."""
    own = 0 if tied else vocabulary * width
    return Weight("head", own + (vocabulary if bias else 0), 2 * vocabulary * width)
