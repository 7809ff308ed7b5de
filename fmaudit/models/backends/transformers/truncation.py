"""Top-k and top-p in torch: the few tokens of each row that may be drawn, equal logits in the order of their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fmaudit.models.sampling import Cut

__all__ = ["Kept", "truncated"]

SPARE = 64  # candidates beyond those that count: where this many share the last logit that counts, the row is sorted whole
LOOKS = (128, 1024)  # so many tokens are tried for top-p before a row is sorted whole


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be drawn in every row, largest logit first: [rows, width] each.

    `scaled` is (logit - largest logit) / temperature in float64, minus infinity behind a row's last kept token.
    `log_mass` [rows] is the logarithm of the summed exponentials of what is kept.
    """

    ids: Any
    scaled: Any
    log_mass: Any


def truncated(scores: Any, cut: Cut) -> Kept:
    """Cut logits [rows, vocabulary] (float32) by temperature, top-k and top-p, in this order.

    A row's answer does not depend on the other rows.
    """
    if cut.top_p == 1 or cut.top_k:
        values, ids = _largest(scores, min(cut.top_k or scores.shape[1], scores.shape[1]))
        return _narrow(ids, *_nucleus(_scaled(values, values, cut), None, cut.top_p))
    total = _scaled(scores, scores.amax(1, keepdim=True), cut).exp_().sum(1, keepdim=True)
    return _narrow(*_looked(scores, cut, total, LOOKS))


def _looked(scores: Any, cut: Cut, total: Any, looks: tuple[int, ...]) -> tuple[Any, ...]:
    """Find what top-p keeps among the first few tokens, and among more of them for the rows that need more."""
    vocabulary = scores.shape[1]
    width = min(looks[0], vocabulary) if looks else vocabulary
    values, ids = _largest(scores, width)
    scaled, counts, masses = _nucleus(_scaled(values, values, cut), total, cut.top_p)
    # where the last candidate is needed, more may be, or an equal one with a lower id that is no candidate
    short = (counts == width).nonzero()[:, 0] if width < vocabulary else counts[:0]
    if not len(short):
        return ids, scaled, counts, masses
    more: tuple[Any, ...]
    if scores.device.type == "cpu":
        more = _looked(scores[short], cut, total[short], looks[1:])
    else:  # a running sum of a GPU takes its steps by the number of rows: always that of the batch
        more = tuple(part[short] for part in _looked(scores, cut, total, looks[1:]))
    return _extended((ids, scaled, counts, masses), short, more)


def _extended(first: tuple[Any, ...], short: Any, more: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put what was found for the rows `short` with a closer look beside the others."""
    import torch

    ids, scaled, counts, masses = first
    grown = max(int(more[2].max()), ids.shape[1]) - ids.shape[1]
    ids = torch.nn.functional.pad(ids, (0, grown))
    scaled = torch.nn.functional.pad(scaled, (0, grown), value=-torch.inf)
    width = min(ids.shape[1], more[0].shape[1])
    ids[short, :width], scaled[short, :width] = more[0][:, :width], more[1][:, :width]
    return ids, scaled, counts.index_copy(0, short, more[2]), masses.index_copy(0, short, more[3])


def _narrow(ids: Any, scaled: Any, counts: Any, masses: Any) -> Kept:
    """Leave out the columns that no row keeps."""
    widest = int(counts.max())
    return Kept(ids[:, :widest], scaled[:, :widest], masses.log())


def _scaled(values: Any, largest_first: Any, cut: Cut) -> Any:
    return (values.double() - largest_first[:, :1].double()).div_(cut.temperature)


def _nucleus(scaled: Any, total: Any, top_p: float) -> tuple[Any, Any, Any]:
    """Keep the smallest leading set with a share of at least `top_p` of `total` (all, where it is None).

    Gives scaled [rows, width], and per row how many are kept and their mass: a running sum, which no width can change.
    """
    import torch

    mass = scaled.exp()
    reached = mass.cumsum(1)
    if top_p == 1:
        return scaled, torch.full_like(reached[:, 0], scaled.shape[1], dtype=torch.long), reached[:, -1]
    kept = (reached - mass) < top_p * (reached[:, -1:] if total is None else total)
    counts = kept.sum(1).clamp(min=1)
    return scaled.masked_fill(~kept, -torch.inf), counts, reached.gather(1, counts[:, None] - 1)[:, 0]


def _largest(scores: Any, count: int) -> tuple[Any, Any]:
    """Give the `count` largest logits of every row and their ids, equal logits by the lower id: [rows, count] twice."""
    import torch

    if scores.device.type == "cpu" and scores.dtype == torch.float32:
        from fmaudit.models.kernels.largest import largest

        found = largest(scores.contiguous().numpy(), count, torch.get_num_threads())
        if found is not None:
            return torch.from_numpy(found[0]), torch.from_numpy(found[1])
    vocabulary = scores.shape[1]
    wide = min(vocabulary, count + SPARE)
    if wide < vocabulary:
        values, ids = torch.topk(scores, wide, dim=1)
    if wide == vocabulary or bool((values[:, -1] == values[:, count - 1]).any()):
        values, ids = torch.sort(scores, dim=1, descending=True, stable=True)
        return values[:, :count], ids[:, :count]
    ids, order = torch.sort(ids, dim=1)
    values, order = torch.sort(values.gather(1, order), dim=1, descending=True, stable=True)
    return values[:, :count], ids.gather(1, order)[:, :count]
