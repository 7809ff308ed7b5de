"""What a checkpoint really holds: the headers of its safetensors files, compared with what its config.json says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit import ModelError
from fmaudit_engine_card.architecture.names import grouped, is_buffer

if TYPE_CHECKING:
    from fmaudit_engine_card.architecture.parts import Plan

__all__ = ["Checkpoint", "read_checkpoint"]

LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
PACKED = frozenset({"I8", "U8", "I16", "U16", "I32", "U32", "I64", "F4"})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Tensors of a folder's safetensors files without buffers, and where they differ from the configuration."""

    files: int
    tensors: int
    parameters: int
    bytes: int
    by_dtype: Mapping[str, int]
    by_module: Mapping[str, int]
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether every module has as many parameters as the configuration says."""
        return not self.differences


def read_checkpoint(folder: Path, plan: Plan) -> Checkpoint | None:
    """Read the headers of all safetensors files of a folder; None where there is none. Raises ModelError for a broken one."""
    paths = sorted(folder.glob("*.safetensors"))
    if not paths:
        return None
    sizes: dict[str, int] = {}
    dtypes: dict[str, int] = {}
    total = 0
    for path in paths:
        for name, dtype, shape, held in _tensors(path):
            total += held
            if is_buffer(name, shape):
                continue
            sizes[name] = math.prod(shape)
            dtypes[dtype] = dtypes.get(dtype, 0) + sizes[name]
    modules = grouped(sizes, plan.family)
    return Checkpoint(
        files=len(paths), tensors=len(sizes), parameters=sum(sizes.values()), bytes=total, by_dtype=dtypes, by_module=modules,
        differences=tuple(_differences(modules, dtypes, plan)),
    )  # fmt: skip


def _tensors(path: Path) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Yield name, dtype, shape and bytes of every tensor: eight bytes of length, then JSON, then the data, which is not read."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= LONGEST_HEADER:
                raise ValueError(f"a header of {length:,} bytes")
            header: dict[str, Any] = json.loads(file.read(length))
        for name, entry in header.items():
            if name != "__metadata__":
                start, stop = entry["data_offsets"]
                yield name, str(entry["dtype"]), tuple(int(size) for size in entry["shape"]), int(stop) - int(start)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: no safetensors file: {error}", hint="download it again, or remove it from the folder") from None


def _differences(modules: Mapping[str, int], dtypes: Mapping[str, int], plan: Plan) -> Iterator[str]:
    """Say in which modules checkpoint and configuration differ, and why where that is known."""
    packed = sorted(set(dtypes) & PACKED)
    if packed:
        yield f"quantised weights are packed into {', '.join(packed)}: parameters cannot be counted from their shapes"
        return
    counted: dict[str, int] = {}
    for weight in plan.weights():
        counted[weight.module] = counted.get(weight.module, 0) + weight.parameters
    for module in sorted(modules.keys() | counted.keys()):
        there, said = modules.get(module, 0), counted.get(module, 0)
        if there == said:
            continue
        why = ""
        if module == "head" and plan.tied and there == plan.vocabulary * plan.hidden:
            why = "; a tied head that was saved all the same"
        yield f"{module}: {there:,} parameters in the checkpoint, {said:,} by the configuration{why}"
