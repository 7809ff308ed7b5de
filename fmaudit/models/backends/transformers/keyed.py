"""Draws by keyed noise, in torch: a logits processor that leaves `generate` one token per row to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from fmaudit.models.sampling import BELOW_ONE, FIRST, LN2_HIGH, LN2_LOW, LOG_TERMS, PHI, SECOND, SQRT_HALF, UNIT, Cut, step_seeds

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Drawn", "KeyedSampler", "draw", "exact_log", "gumbel", "hashes"]


def _signed(word: int) -> int:
    """Fold 64 bits into torch's int64, whose arithmetic wraps to the same bits on every device."""
    return word - 2**64 if word >= 2**63 else word


def _shifted(word: Any, bits: int) -> Any:
    """Shift right and fill with zeros: torch shifts int64 with the sign."""
    return (word >> bits) & ((1 << (64 - bits)) - 1)


def _mixed(word: Any) -> Any:
    word = (word ^ _shifted(word, 30)) * _signed(FIRST)
    word = (word ^ _shifted(word, 27)) * _signed(SECOND)
    return word ^ _shifted(word, 31)


def hashes(seeds: Any, ids: Any) -> Any:
    """Hash token ids [rows, width] under the seeds [rows] of their rows and step: int64, as `fmaudit.models.sampling.hashes`."""
    return _mixed(seeds[:, None] + (ids + 1) * _signed(PHI))


def exact_log(x: Any) -> Any:
    """Take the logarithm as `fmaudit.models.sampling.exact_log` does, operation by operation."""
    import torch

    mantissa, exponent = torch.frexp(x)
    low = mantissa < SQRT_HALF
    f = torch.where(low, mantissa + mantissa, mantissa) - 1.0
    k = (exponent - low.int()).double()
    s = f / (2.0 + f)
    z = s * s
    poly: Any = LOG_TERMS[0]
    for term in LOG_TERMS[1:]:
        poly = poly * z + term
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + poly * z) + k * LN2_LOW)) - f)


def gumbel(seeds: Any, ids: Any) -> Any:
    """Give the Gumbel noise of token ids [rows, width] under the seeds [rows]: float64, the bits of `fmaudit.models.sampling.gumbel`."""
    uniform = ((_shifted(hashes(seeds, ids), 11).double() + 0.5) * UNIT).clamp(max=BELOW_ONE)
    return -exact_log(-exact_log(uniform))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One step: ids [rows], and the log-probabilities [rows] of the model's own and of the stated distribution.

    `broken` [rows] marks logits without a sum (not a number, infinite).
    """

    ids: Any
    log_probs: Any
    sampled_log_probs: Any
    broken: Any


def draw(scores: Any, cut: Cut, seeds: NDArray[np.uint64]) -> Drawn:
    """Draw one token per row from logits [rows, vocabulary] (float32) as the cut states, by the noise of (seed, token id).

    The seeds [rows] are those of the rows' keys and steps (`sampling.step_seeds`).
    """
    import torch

    highest, own = _log_sums(scores, 1.0)
    if cut.greedy:
        ids = scores.argmax(1)
        sampled = torch.zeros(len(ids), dtype=torch.float64, device=scores.device)
    elif cut.truncates:
        ids, sampled = _from_kept(scores, cut, seeds)
    else:
        ids = _from_all(scores, highest, cut, seeds)
        scaled = own if cut.temperature == 1 else _log_sums(scores, 1 / cut.temperature)[1]
        sampled = _below(scores, highest, ids) / cut.temperature - scaled
    return Drawn(ids, _below(scores, highest, ids) - own, sampled, ~torch.isfinite(own))


def _below(scores: Any, highest: Any, ids: Any) -> Any:
    """Give how far the logits of the tokens lie below the largest of their rows: float64."""
    return scores.gather(1, ids[:, None])[:, 0].double() - highest.double()


def _log_sums(scores: Any, rate: float) -> tuple[Any, Any]:
    """Give each row's maximum and log(sum(e^(rate (x - maximum)))), the latter in float64, and not finite of logits that are not."""
    import torch

    if scores.device.type == "cpu":
        from fmaudit.models.kernels.log_sum_exp import log_sums

        highest, sums = log_sums(scores.contiguous().numpy(), rate, torch.get_num_threads())
        return torch.from_numpy(highest), torch.from_numpy(sums)
    top = scores.amax(1)
    return top, torch.logsumexp((scores - top[:, None]) * rate, 1).double()


def _on(device: Any, seeds: NDArray[np.uint64]) -> Any:
    import torch

    return torch.from_numpy(seeds.view(np.int64)).to(device)


def _from_kept(scores: Any, cut: Cut, seeds: NDArray[np.uint64]) -> tuple[Any, Any]:
    from fmaudit.models.backends.transformers.truncation import truncated

    kept = truncated(scores, cut)
    ids, places = _lowest_of_largest(kept.scaled + gumbel(_on(scores.device, seeds), kept.ids), kept.ids)
    return ids, kept.scaled.gather(1, places)[:, 0] - kept.log_mass


def _from_all(scores: Any, highest: Any, cut: Cut, seeds: NDArray[np.uint64]) -> Any:
    """Draw from the whole vocabulary: compiled on a processor, where hashing in torch would take half of a step."""
    import torch

    if scores.device.type == "cpu":
        from fmaudit.models.backends.transformers.kernels.gumbel import draw_rows

        chosen = draw_rows(scores.contiguous().numpy(), highest.numpy(), cut.temperature, seeds)
        return torch.from_numpy(chosen).clamp_(min=0)
    ids = torch.arange(scores.shape[1], device=scores.device)[None]
    noisy = (scores.double() - highest[:, None].double()) / cut.temperature + gumbel(_on(scores.device, seeds), ids)
    return noisy.argmax(1)


def _lowest_of_largest(noisy: Any, ids: Any) -> tuple[Any, Any]:
    """Find per row the lowest id among the largest numbers: ids [rows] and their places [rows, 1]."""
    import torch

    largest = noisy.amax(1, keepdim=True)
    places = torch.where(noisy == largest, ids, torch.iinfo(torch.int64).max).argmin(1, keepdim=True)
    return ids.gather(1, places)[:, 0], places


def _draw_each(scores: Any, cuts: Sequence[Cut], seeds: NDArray[np.uint64]) -> Drawn:
    """Draw every row by its own cut: all rows by each, so that a row's bits do not depend on how the others are drawn."""
    import torch

    ways = list(dict.fromkeys(cuts))
    drawn = draw(scores, ways[0], seeds)
    for cut in ways[1:]:
        mine = torch.tensor([own == cut for own in cuts], device=scores.device)
        other = draw(scores, cut, seeds)
        drawn = Drawn(*(torch.where(mine, getattr(other, part.name), getattr(drawn, part.name)) for part in fields(Drawn)))
    return drawn


@dataclass(slots=True)
class KeyedSampler:
    """A logits processor for `generate(do_sample=False)`: 0 at the token that the noise chooses, minus infinity elsewhere.

    Row by row, `keys` [rows] name the samples, `cuts` how each is drawn, and `offsets` [rows] how many tokens it has; `start` is the
    length of the first input. Every row of every step is kept in `steps`.
    """

    cuts: Sequence[Cut]
    keys: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    start: int
    steps: list[Drawn] = field(default_factory=list)

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Choose one token of every row of `scores` [rows, vocabulary]."""
        import torch

        step = input_ids.shape[1] - self.start
        del self.steps[step:]  # one that is asked again
        work = scores if scores.device.type in {"cpu", "cuda"} else scores.cpu()  # no float64 elsewhere
        drawn = _draw_each(work.float(), self.cuts, step_seeds(self.keys, self.offsets + step))
        self.steps.append(drawn)
        return scores.fill_(-torch.inf).scatter_(1, drawn.ids.to(scores.device)[:, None], 0.0)

    def table(self, name: str) -> NDArray[Any]:
        """Give one field of all steps: [rows, steps]."""
        import torch

        columns: Sequence[Any] = [getattr(drawn, name) for drawn in self.steps]
        return np.asarray(torch.stack(list(columns), 1).cpu().numpy())
