"""Loads weights and tokenizer of a folder, and settles what every user of the model must know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.loaded import Loaded

if TYPE_CHECKING:
    from fmaudit.models.backends.transformers.backend import TransformersOptions
    from fmaudit.models.backends.transformers.folder import ModelFolder

__all__ = ["device_of", "load", "longest_input"]

DEFAULT_LENGTH = 2048
NO_LENGTH = int(1e30)  # what a tokenizer says that knows none


def load(folder: ModelFolder, options: TransformersOptions, *, seq2seq: bool) -> Loaded:
    """Load a fetched folder. Raises ModelError for weights that are pickled, missing or do not fit the configuration."""
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    folder.weights()
    path = folder.path or Path()
    device = device_of(options.device)
    dtype = _dtype(options.dtype, device.type)
    model = _model(folder, options, seq2seq, dtype).to(device).eval()
    model.requires_grad_(False)
    tokenizer = _tokenizer(folder, path, options)
    return settle(model, tokenizer, seq2seq=seq2seq, max_length=options.max_length, identity=folder.identity())


def settle(model: Any, tokenizer: Any, *, seq2seq: bool, max_length: int | None = None, identity: str = "") -> Loaded:
    """Gather a model and its tokenizer with their facts: the prefix token is BOS, else EOS, as in lm-eval."""
    config = model.config.get_text_config(decoder=True)
    generation = getattr(model, "generation_config", None)
    ends = _ids(getattr(generation, "eos_token_id", None)) or _ids(config.eos_token_id) or _ids(getattr(tokenizer, "eos_token_id", None))
    prefix = _first(getattr(tokenizer, "bos_token_id", None), getattr(tokenizer, "eos_token_id", None), config.bos_token_id, *ends, 0)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        device=model.device,
        dtype=model.dtype,
        seq2seq=seq2seq,
        max_length=max_length or longest_input(model.config, tokenizer),
        prefix_id=prefix,
        end_ids=ends,
        pad_id=_first(getattr(tokenizer, "pad_token_id", None), config.pad_token_id, *ends, 0),
        start_id=_first(getattr(model.config, "decoder_start_token_id", None), config.bos_token_id, config.pad_token_id, 0)
        if seq2seq
        else None,
        vocabulary=model.get_input_embeddings().weight.shape[0],
        identity=identity,
    )


def longest_input(config: Any, tokenizer: Any) -> int:
    """Give the tokens that a model was made for, looked up as lm-eval 0.4.13 does."""
    inner = getattr(config, "text_config", None) or config
    for name in ("n_positions", "max_position_embeddings", "n_ctx"):
        value = getattr(inner, name, None)
        if value is not None:
            return int(value)
    told = getattr(tokenizer, "model_max_length", None)
    return int(told) if told is not None and told != NO_LENGTH else DEFAULT_LENGTH


def _model(folder: ModelFolder, options: TransformersOptions, seq2seq: bool, dtype: Any) -> Any:
    import transformers

    kind: Any = transformers.AutoModelForSeq2SeqLM if seq2seq else transformers.AutoModelForCausalLM
    given: dict[str, Any] = {} if options.attention == "auto" else {"attn_implementation": options.attention}
    try:
        with _no_bars():
            model, report = kind.from_pretrained(
                folder.path,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=options.trust_remote_code,
                output_loading_info=True,
                **given,
            )
    except Exception as error:
        raise ModelError(
            f"hf:{folder.name}: cannot be loaded: {_line(error)}", hint="are the files complete, and is it a language model?"
        ) from error
    missing = sorted(report.get("missing_keys", ()))
    if missing:
        raise ModelError(
            f"hf:{folder.name}: {len(missing)} weights are not in the files, {missing[0]} for one: they would be random",
            hint="a model without a language-modelling head cannot be scored; or files are missing",
        )
    return model


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keep transformers from drawing progress bars: how far things are is told elsewhere."""
    from transformers.utils import logging

    theirs: Any = logging
    shown = theirs.is_progress_bar_enabled()
    theirs.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            theirs.enable_progress_bar()


def _tokenizer(folder: ModelFolder, path: Path, options: TransformersOptions) -> Any:
    import transformers

    if not folder.has_tokenizer():
        return None
    try:
        return transformers.AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=options.trust_remote_code)
    except Exception as error:
        raise ModelError(f"hf:{folder.name}: its tokenizer cannot be loaded: {_line(error)}") from error


def device_of(name: str) -> Any:
    """Find the device of an option, the best one for "auto". Raises ModelError for one that is not there."""
    import torch

    able = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if able[kind]))
    if not able.get(name.partition(":")[0], False):
        raise ModelError(f"device {name!r} is not there", hint=f"there are: {', '.join(kind for kind, here in able.items() if here)}")
    return torch.device(name)


def _dtype(name: str, device: str) -> Any:
    import torch

    if name == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    return getattr(torch, name)


def _ids(value: int | list[int] | None) -> tuple[int, ...]:
    return () if value is None else (value,) if isinstance(value, int) else tuple(value)


def _first(*values: int | list[int] | None) -> int:
    return next(ids[0] for ids in map(_ids, values) if ids)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
