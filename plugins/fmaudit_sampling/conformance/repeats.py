"""Many draws at one position against their stated probabilities, and many positions or prompts together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fmaudit import StatisticsError
from fmaudit_sampling.conformance.sampler import StatedSampler
from fmaudit_sampling.conformance.stated import certain, kept_tokens, stated_tokens

__all__ = ["GTest", "g_test", "repeated_draws", "stouffer"]

LEAST = 5.0  # expected draws of a cell
TINIEST = 1e-300  # a p-value below it counts as this: its normal score is finite

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GTest:
    """A likelihood-ratio test of counts: G = 2 sum O ln(O / E) with `df` = cells - 1.

    `outside` counts draws that the stated distribution cannot give; with one, G is infinite and p is 0. `p_value` is None where
    fewer than two cells are left.
    """

    g: float
    df: int
    p_value: float | None
    n: int
    outside: int
    pooled: int  # tokens that share a cell with others


def g_test(counts: npt.ArrayLike, probabilities: npt.ArrayLike, *, least: float = LEAST) -> GTest:
    """Test counts [tokens] of repeated draws at one position against stated probabilities [tokens].

    Tokens that expect fewer than `least` draws share one cell, and that one joins the rarest other if it still expects fewer. Raises
    StatisticsError for probabilities that do not add up to 1, or no draws.
    """
    from scipy.special import chdtrc

    observed, q = np.asarray(counts, np.float64), np.asarray(probabilities, np.float64)
    if observed.shape != q.shape or observed.ndim != 1 or not observed.sum() > 0 or (observed < 0).any():
        raise StatisticsError(f"counts of shape {observed.shape} cannot be tested against {q.shape} probabilities")
    if (q < 0).any() or abs(q.sum() - 1.0) > 1e-6:
        raise StatisticsError(
            f"stated probabilities add up to {q.sum():.6g}, not 1", hint="hand over the whole distribution, rest included"
        )
    n, outside = int(observed.sum()), int(observed[q == 0].sum())
    possible = q > 0
    cells = _pooled(n * q[possible], observed[possible], least)
    df, pooled = len(cells) - 1, int(possible.sum()) - len(cells)
    if outside:
        return GTest(g=math.inf, df=df, p_value=0.0, n=n, outside=outside, pooled=pooled)
    expected, seen = cells.T
    g = 2.0 * float(np.where(seen > 0, seen * np.log(np.where(seen > 0, seen, 1.0) / expected), 0.0).sum())
    return GTest(g=max(g, 0.0), df=df, p_value=float(chdtrc(df, max(g, 0.0))) if df else None, n=n, outside=0, pooled=pooled)


def repeated_draws(logits: npt.ArrayLike, drawn: Mapping[int, int], sampler: StatedSampler, *, slack: float) -> GTest | None:
    """Test how often each token was drawn at one position whose logits [vocabulary] may each be wrong by `slack` nats.

    Draws further beyond the border than that are `outside`. The others are tested among the tokens that are surely kept, whose shares do
    not depend on where the border lies: tokens near it are left out on both sides. None where nothing is left to test.
    """
    row, ids = np.asarray(logits, np.float64), np.array(list(drawn), np.int64)
    times = np.array(list(drawn.values()), np.float64)
    beyond = stated_tokens(np.broadcast_to(row, (len(ids), len(row))), ids, sampler).outside > slack
    kept = kept_tokens(row[None], sampler)
    core = kept.ids[0][certain(kept, row[None], sampler, slack)[0]]
    q, counts = np.zeros(len(row)), np.zeros(len(row))
    q[core] = np.exp(kept.scaled[0, : len(core)])
    counts[ids] = times
    outside, tested = int(times[beyond].sum()), np.where(q > 0, counts, 0.0)
    if not tested.sum() > 0:
        none = GTest(g=math.inf, df=0, p_value=0.0, n=outside, outside=outside, pooled=0)
        return none if outside else None
    found = g_test(tested, q / q.sum())
    return replace(found, g=math.inf, p_value=0.0, n=found.n + outside, outside=outside) if outside else found


def stouffer(p_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Combine independent one-sided p-values: p of sum w z / sqrt(sum w^2), z their normal scores (Stouffer et al. 1949)."""
    from scipy.special import ndtr, ndtri

    p, w = np.asarray(p_values, np.float64), np.ones(len(p_values)) if weights is None else np.asarray(weights, np.float64)
    if not len(p) or not ((p >= 0) & (p <= 1)).all() or w.shape != p.shape or not (w > 0).all():
        raise StatisticsError("p-values in 0..1, with positive weights, can be combined", hint="leave out tests that could not be made")
    z = -ndtri(np.clip(p, TINIEST, 1.0 - 1e-16))
    return float(ndtr(-(w * z).sum() / np.sqrt((w**2).sum())))


def _pooled(expected: Floats, observed: Floats, least: float) -> Floats:
    """Give cells (expected, observed), the commonest first; tokens too rare for a cell of their own share the last."""
    order = np.argsort(-expected, kind="stable")
    expected, observed = expected[order], observed[order]
    alone = int((expected >= least).sum())
    cells = [(expected[i], observed[i]) for i in range(alone)]
    rest = (float(expected[alone:].sum()), float(observed[alone:].sum()))
    if rest[0] >= least or not cells:
        cells.append(rest)
    elif rest[0] > 0:
        cells[-1] = (cells[-1][0] + rest[0], cells[-1][1] + rest[1])
    return np.array(cells, np.float64)
