"""What a model scores right, found at load by trying every trick on ragged random sequences against one sequence at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from fmaudit.models.backends.transformers.batches import Shapes, Unit
from fmaudit.models.backends.transformers.copies import small_copy
from fmaudit.models.backends.transformers.decode_probe import decode_abilities
from fmaudit.models.backends.transformers.loaded import Abilities
from fmaudit.models.backends.transformers.passes import Head
from fmaudit.models.backends.transformers.scoring import Scorer
from fmaudit.models.backends.transformers.seq2seq import EncoderDecoderScorer

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["probe"]

LENGTHS: Final = (33, 7, 70, 1, 19, 50)  # of sequences: beyond the windows and chunks of a small copy
TOKENS: Final = 160  # of a batch: all of them in one or two
FLOAT32_TOLERANCE: Final = 1e-4  # nats; rounding is of order 1e-6
HALF_TOLERANCE: Final = 0.25  # mean over tokens; half precision itself moves a token by 0.05
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """Units to score and the log-probabilities that one sequence at a time gives them."""

    loaded: Loaded
    units: list[Unit]
    truth: list[Any]  # float32 [targets] each

    @classmethod
    def of(cls, loaded: Loaded, lengths: Sequence[int]) -> Trial:
        """Make units: documents, and continuations that share contexts."""
        units = _units(loaded, lengths)
        return cls(loaded, units, [_plainly(loaded, unit) for unit in units])

    def right(self, **abilities: bool) -> bool:
        """Say whether the path that these abilities choose gives the same; an error means that it does not."""
        import torch

        safe = Abilities(right_pad=False)
        trial = replace(self.loaded, abilities=replace(safe, **abilities))
        kind = EncoderDecoderScorer if trial.seq2seq else Scorer
        shapes = Shapes(TOKENS, fixed=trial.dtype.itemsize < 4, longest=trial.max_length, filler=trial.pad_id)
        try:
            found = kind(trial, shapes, None).log_probs(self.units)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # models fail in their own ways, and any of them means: not this way
            _log.debug("%s: %s: %s", type(trial.model).__name__, abilities, error)
            return False
        return all(self._close(one, truth) for one, truth in zip(found, self.truth, strict=True))

    def _close(self, found: Any, truth: Any) -> bool:
        import numpy as np

        error = np.abs(found - truth)
        if not np.isfinite(error).all():
            return False
        if self.loaded.dtype.itemsize >= 4:
            return bool(error.max() <= FLOAT32_TOLERANCE)
        return bool(error.mean() <= HALF_TOLERANCE)


def probe(loaded: Loaded) -> Abilities:
    """Find the abilities of a model: on a small random float32 copy, whose sharp weights hide no mistake, then confirmed on itself.

    Sliding windows of a copy are short, so that a trick that forgets them is seen. Raises what lack of memory raises.
    """
    with _quiet():
        subject = small_copy(loaded)
        found = _scoring(Trial.of(subject, LENGTHS))
        found.update(decode_abilities(replace(subject, abilities=Abilities())))
        if subject is not loaded:
            found = _confirmed(loaded, found)
    return Abilities(**found)


def _scoring(trial: Trial) -> dict[str, bool]:
    find = Head.of_decoder if trial.loaded.seq2seq else Head.of
    split = find(trial.loaded.model) is not None and trial.right(split_head=True)
    found = {
        "split_head": split,
        "right_pad": trial.right(right_pad=True, split_head=split),
        "keep_rows": False,
        "packing": False,
        "tree_mask": False,
    }
    if trial.loaded.seq2seq:
        return found
    found["keep_rows"] = trial.right(keep_rows=True)
    found["packing"] = trial.right(packing=True, split_head=split, keep_rows=found["keep_rows"])
    if found["packing"]:
        found["tree_mask"] = trial.right(packing=True, tree_mask=True, split_head=split, keep_rows=found["keep_rows"])
    return found


def _confirmed(loaded: Loaded, found: dict[str, bool]) -> dict[str, bool]:
    """Try the chosen path once on the model itself; what it does not bear out is dropped, the boldest trick first."""
    trial = Trial.of(loaded, LENGTHS[:2])
    kept = dict(found)
    for name in ("tree_mask", "packing", "split_head", "keep_rows", "right_pad"):
        if trial.right(**{key: kept[key] for key in ("right_pad", "split_head", "keep_rows", "packing", "tree_mask")}):
            return kept
        kept[name] = False
    return kept


def _units(loaded: Loaded, lengths: Sequence[int]) -> list[Unit]:
    import torch

    longest = min(loaded.max_length, loaded.vocabulary * 64)
    noise = torch.Generator().manual_seed(7)

    def some(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(loaded.vocabulary, (count,), generator=noise).tolist())

    documents = [some(min(length, longest) + 1) for length in lengths]
    units = [Unit(ids[:1], ids[1:]) for ids in documents]
    context = some(max(1, min(70, longest - 12)))
    units += [Unit(context, some(count)) for count in (3, 1, 1, 11, 5)]
    return [*units, Unit(documents[0][:-3], documents[0][-3:])]


def _plainly(loaded: Loaded, unit: Unit) -> Any:
    """Score one unit alone: one forward pass, all logits."""
    import torch

    def ids(tokens: Sequence[int]) -> Any:
        return torch.tensor([tokens], device=loaded.device)

    with torch.inference_mode():
        if loaded.seq2seq:
            shifted = (loaded.start_id or 0, *unit.targets[:-1])
            logits = loaded.model(input_ids=ids(unit.context), decoder_input_ids=ids(shifted), use_cache=False).logits[0]
        else:
            logits = loaded.model(ids(unit.inputs), use_cache=False).logits[0, -len(unit.targets) :]
        logs = torch.log_softmax(logits.float(), 1)
        return logs.gather(1, torch.tensor(unit.targets, device=logs.device)[:, None])[:, 0].cpu().numpy()


class _quiet:  # noqa: N801 - reads as a word
    """Keeps transformers from warning of what is tried on purpose."""

    def __enter__(self) -> None:
        from transformers.utils import logging as theirs

        self._before = theirs.get_verbosity()
        theirs.set_verbosity(logging.ERROR)

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging as theirs

        theirs.set_verbosity(self._before)
