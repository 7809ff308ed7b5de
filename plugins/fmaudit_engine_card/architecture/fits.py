"""Does it fit: weights, state and activations against the memory of a device."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from fmaudit import ModelError, facts, humane
from fmaudit_engine_card.architecture.refusing import positive, whole

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.profile import EngineProfile

__all__ = ["PRECISIONS", "RESERVE", "Fit", "Precision", "fit", "precision"]

RESERVE = 0.1  # of a device's memory, for the runtime, its kernels and fragments; what serving engines leave by default
CHUNK = 2048  # positions that are computed at once, of all sequences together: serving engines cut longer prompts
LONGEST = 2**40


@dataclass(frozen=True, slots=True)
class Precision:
    """Bytes of a value: of the matrices inside the blocks, of all other weights, and of state and activations.

    Weight-only quantisation (GPTQ, AWQ, bitsandbytes) leaves embeddings, head and norms in 16 bits; its scales, a few percent more, are
    not counted.
    """

    name: str
    dense: float
    rest: float
    state: float


PRECISIONS: Mapping[str, Precision] = MappingProxyType(
    {
        one.name: one
        for one in (
            Precision("float32", 4, 4, 4), Precision("bfloat16", 2, 2, 2), Precision("float16", 2, 2, 2), Precision("float8", 1, 2, 2),
            Precision("int8", 1, 2, 2), Precision("int4", 0.5, 2, 2),
        )
    }
)  # fmt: skip
_SPOKEN = {
    "fp32": "float32", "single": "float32", "bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp8": "float8", "8bit": "int8",
    "4bit": "int4", "int-8": "int8", "int-4": "int4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model needs on a device, in bytes. `activations` is an estimate, everything else exact.

    `largest_batch` is for sequences of `tokens`, `longest` for `batch` of them; None where memory sets no limit (a state that does not
    grow). `state_width` are the bytes of a value in the state. `note` says that the device does not compute in the precision: whether it
    fits is a question of memory alone.
    """

    device: str
    precision: str
    tokens: int
    batch: int
    devices: int
    usable: int
    weights: int
    state: int
    activations: int
    largest_batch: int
    longest: int | None
    state_width: float
    note: str = ""

    @property
    def needed(self) -> int:
        """Weights, state and activations together."""
        return self.weights + self.state + self.activations

    @property
    def fits(self) -> bool:
        """Whether all of it is there."""
        return self.needed <= self.usable

    @property
    def free(self) -> int:
        """The bytes left over; negative where they are missing."""
        return self.usable - self.needed

    @property
    def devices_needed(self) -> int:
        """How many such devices hold it, if it is cut evenly."""
        return math.ceil(self.needed * self.devices / self.usable)


def precision(name: str) -> Precision:
    """Find a precision by its name ("bf16" and "bfloat16" are one). Raises ModelError."""
    spoken = name.strip().lower() if isinstance(name, str) else ""
    found = PRECISIONS.get(_SPOKEN.get(spoken, spoken))
    if found is None:
        close = difflib.get_close_matches(spoken, [*PRECISIONS, *_SPOKEN], 1)
        meant = f"did you mean {close[0]}? " if close else ""
        raise ModelError(f"{name!r} is no precision of weights", hint=f"{meant}one of {', '.join(PRECISIONS)}")
    return found


def fit(
    profile: EngineProfile,
    device: str | float,
    kind: str = "bfloat16",
    tokens: int = 4096,
    batch: int = 1,
    *,
    devices: int = 1,
    reserve: float = RESERVE,
    state_bytes: float | None = None,
) -> Fit:
    """Set a model against `devices` devices, by name or by their bytes of memory each. Raises ModelError.

    `state_bytes` are those of a value in the state (1 for a cache in 8 bits); by default as wide as the precision's activations.
    Activations are those of one block over at most 2,048 positions of all sequences together, as serving engines cut prompts, and float32
    logits of one position of each sequence; scores are not stored (fused attention).
    """
    for what, count in (("batch", batch), ("devices", devices), ("tokens", tokens)):
        whole(count, what, least=1)
    if isinstance(reserve, bool) or not isinstance(reserve, int | float) or not 0 <= reserve < 1:
        raise ModelError(f"reserve is {reserve!r}", hint="the share of memory left to the runtime is needed, from 0 to below 1")
    name, memory, lacks = _memory(device)
    kept = precision(kind)
    width = kept.state if state_bytes is None else positive(state_bytes, "state_bytes")
    usable = int(memory * devices * (1 - reserve))
    weights = weights_at(profile, kept)

    def there_is_room(length: int, sequences: int) -> bool:
        held = profile.cache_bytes(length, width, sequences)
        return weights + held + activations(profile, kept, length, sequences) <= usable

    return Fit(
        device=name, precision=kept.name, tokens=tokens, batch=batch, devices=devices, usable=usable, weights=weights,
        state=profile.cache_bytes(tokens, width, batch), activations=activations(profile, kept, tokens, batch),
        largest_batch=_largest(lambda sequences: there_is_room(tokens, sequences)) or 0,
        longest=_largest(lambda length: there_is_room(length, batch)), state_width=width,
        note=f"the {name} does not compute in {kept.name}: this is about memory alone" if kept.name in lacks else "",
    )  # fmt: skip


def weights_at(profile: EngineProfile, kept: Precision) -> int:
    """Return the bytes of the weights at a precision."""
    dense = profile.dense_parameters
    return math.ceil(dense * kept.dense + (profile.parameters - dense) * kept.rest)


def activations(profile: EngineProfile, kept: Precision, tokens: int, batch: int = 1) -> int:
    """Estimate the bytes that computing sequences of so many tokens takes besides weights and state.

    For a position three residual streams, and half as much again as its widest module makes: activations stand beside what they are made
    of. Of Llama within a tenth of what transformers allocates; experts and activations that are not fused take more.
    """
    at_once = min(batch * tokens, CHUNK)
    return math.ceil(at_once * (3 * profile.hidden + 1.5 * profile.widest) * kept.state) + 4 * profile.vocabulary * batch


def _largest(fits: Callable[[int], bool]) -> int | None:
    """Find the largest number that fits; None where any does, 0 where none does."""
    if fits(LONGEST):
        return None
    low, high = 0, 1
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _memory(device: str | float) -> tuple[str, int, tuple[str, ...]]:
    """Return a device's name, its bytes, and the floating-point precisions it has not; integers hold weights and are not computed in."""
    if not isinstance(device, str):
        if isinstance(device, bool) or not isinstance(device, int | float) or not 0 < device < math.inf:
            raise ModelError(f"{device!r} is no device", hint='give its name ("H100"), or the bytes of its memory')
        return humane.size(int(device)), int(device), ()
    found = facts.find_device(device)
    if found.memory_bytes is None:
        raise ModelError(f"the memory of {found.name} is not known", hint="give its bytes instead of its name")
    return found.name, found.memory_bytes, tuple(kind for kind in found.lacks if "float" in kind)
