"""What the machine can do: the rate of its matrix products, known for GPUs, measured for CPUs."""

from __future__ import annotations

import time
from typing import Any

from fmaudit.errors import ModelError
from fmaudit.models.facts import find_device

__all__ = ["matrix_rate"]

SIDE = 1024
SECONDS = 0.2  # how long a CPU is measured


def matrix_rate(device: Any, dtype: Any) -> float | None:
    """Return operations a second of dense matrix products in this dtype; None where it is neither known nor measured."""
    if device.type == "cuda":
        return _known(device, dtype)
    return _measured(device, dtype) if device.type == "cpu" else None


def _known(device: Any, dtype: Any) -> float | None:
    """Look a GPU up in the table of facts: the peak without sparsity."""
    import torch

    try:
        found = find_device(torch.cuda.get_device_name(device))
    except ModelError:
        return None
    return found.peaks.get("float32" if dtype.itemsize == 4 else "bfloat16")


def _measured(device: Any, dtype: Any) -> float:
    """Multiply matrices for a moment, with the threads the model has."""
    import torch

    a = torch.randn((SIDE, SIDE), device=device).to(dtype)
    a @ a
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < SECONDS:
        a @ a
        count += 1
    return 2.0 * SIDE**3 * count / (time.perf_counter() - begin)
