"""Facts of a model: its profile, what a token costs, and the name of everything that changes the bits of an answer."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fmaudit.models.requests import Profile

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.batches import Shapes
    from fmaudit.models.backends.transformers.calibrate import Cost
    from fmaudit.models.backends.transformers.loaded import Loaded

__all__ = ["cost_of", "count_parameters", "numeric_mode", "profile_of"]

_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "num_decoder_layers", "decoder_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model")
_LENGTHS = ("n_positions", "max_position_embeddings", "n_ctx", "context_length")


def profile_of(config: Mapping[str, Any], loaded: Loaded | None, *, builtin: bool) -> Profile:
    """Tell what a configuration says and, once loaded, what the model shows: parameters counted once where weights are tied."""
    inner = config.get("text_config") or config
    details: dict[str, Any] = {"config": dict(config)}
    if loaded is not None:
        details["abilities"] = asdict(loaded.abilities)
    return Profile(
        architecture=next(iter(config.get("architectures") or ()), str(config.get("model_type", ""))),
        parameters=count_parameters(loaded.model) if loaded else None,
        layers=_find(inner, _LAYERS),
        hidden=_find(inner, _WIDTHS),
        vocabulary=_find(inner, ("vocab_size",)),
        max_length=loaded.max_length if loaded else _find(inner, _LENGTHS),
        dtype=str(loaded.dtype).removeprefix("torch.") if loaded else "",
        device=_device_name(loaded.device) if loaded else "",
        weights_bytes=sum(p.numel() * p.element_size() for p in _weights(loaded.model).values()) if loaded else None,
        builtin=builtin,
        details=details,
    )


def count_parameters(model: Any) -> int:
    """Count parameters by identity, so that tied ones count once."""
    return sum(weight.numel() for weight in _weights(model).values())


def cost_of(model: Any) -> Cost:
    """Give what a token costs: every weight that it meets, experts by the share that is used, without a look-up table of embeddings."""
    from fmaudit.models.backends.transformers.calibrate import Cost

    config = model.config.get_text_config(decoder=True)
    experts = next((n for n in (getattr(config, name, None) for name in ("num_local_experts", "n_routed_experts", "num_experts")) if n), 0)
    used = getattr(config, "num_experts_per_tok", None)
    share = used / experts if experts and used else 1.0
    table = model.get_input_embeddings().weight
    head = model.get_output_embeddings()
    tied = head is not None and head.weight is table
    met = sum(
        weight.numel() * (share if ".experts" in name else 1.0)
        for name, weight in _weights(model, names=True).items()
        if tied or weight is not table
    )
    layers = getattr(config, "num_hidden_layers", 0) or 0
    return Cost(int(met), layers * (getattr(config, "hidden_size", 0) or 0))


VERSION = 3  # changes with the code that makes scores or samples: what was kept before is then asked again


def numeric_mode(loaded: Loaded, shapes: Shapes, samples: str, add_bos: bool | None) -> str:
    """Name all but the weights that changes the bits of an answer; `samples` is what the generator says of its shapes."""
    import torch
    import transformers

    shape = f"{'fixed' if shapes.fixed else 'free'}:{shapes.tokens}"
    able = "+".join(name for name, right in asdict(loaded.abilities).items() if right)
    return ";".join(
        (
            str(loaded.dtype).removeprefix("torch."),
            _device_name(loaded.device),
            shape,
            f"samples={samples}",
            f"code={VERSION}",
            f"attention={loaded.model.config._attn_implementation}",
            f"max_length={loaded.max_length}",
            f"bos={add_bos}",
            f"able={able}",
            f"threads={torch.get_num_threads()}" if loaded.device.type == "cpu" else "",
            f"torch={torch.__version__}",
            f"transformers={transformers.__version__}",
        )
    )


def _device_name(device: Any) -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        return f"cpu:{platform.machine()}:{torch.backends.cpu.get_cpu_capability()}"
    return str(device)


def _weights(model: Any, *, names: bool = False) -> dict[Any, Any]:
    # named_parameters gives each tensor once, whatever ties it
    return {(name if names else id(weight)): weight for name, weight in model.named_parameters()}


def _find(config: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((int(config[name]) for name in names if config.get(name) is not None), None)
