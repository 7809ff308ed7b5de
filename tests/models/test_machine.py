"""The rate a GPU is known for is found by its driver's name, and no other GPU's is taken for it."""

from __future__ import annotations

import pytest
import torch

from fmaudit.models.backends.transformers.machine import matrix_rate


@pytest.mark.parametrize(
    ("name", "dtype", "rate"),
    [
        ("NVIDIA A100-SXM4-80GB", torch.bfloat16, 312e12),
        ("NVIDIA A100-SXM4-80GB", torch.float32, 19.5e12),
        ("NVIDIA RTX A1000 Laptop GPU", torch.bfloat16, None),
        ("Some Accelerator 9000", torch.bfloat16, None),
    ],
)
def test_a_gpu_is_known_by_its_own_name(monkeypatch: pytest.MonkeyPatch, name: str, dtype: torch.dtype, rate: float | None) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert matrix_rate(torch.device("cuda", 0), dtype) == rate
