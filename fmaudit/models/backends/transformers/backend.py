"""`hf:PATH_OR_ID`: any causal or sequence-to-sequence transformers model, on CUDA, MPS or the CPU."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.folder import ModelFolder, find_folder
from fmaudit.models.base import Backend, BackendOptions, Capability, texts_of
from fmaudit.models.requests import Completion, Failure, GenerateRequest, Profile, Score, ScoreRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmaudit.models.backends.transformers.batches import Shapes
    from fmaudit.models.backends.transformers.crew import Crew
    from fmaudit.models.backends.transformers.generation import Generator
    from fmaudit.models.backends.transformers.loaded import Loaded
    from fmaudit.models.backends.transformers.scoring import Scorer
    from fmaudit.models.backends.transformers.seq2seq import EncoderDecoderScorer

__all__ = ["TransformersBackend", "TransformersOptions"]

_COMMIT = re.compile(r"[0-9a-f]{40}")


class TransformersOptions(BackendOptions):
    """Options of `hf:`; "auto" is bfloat16 on a GPU and float32 on a CPU.

    `batch_tokens` overrides the token budget of scoring that is found at load, `batch_rows` how many completions are drawn together,
    `processes` how many draw side by side on a CPU (None: one for each thread, at most four, of weights up to 32 MB),
    `max_length` what the model says of itself, `add_bos` whether texts get the tokenizer's special tokens (None: as the tokenizer does).
    Code that comes with a model runs only with `trust_remote_code` and
    a `revision` that is a whole commit.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: str = Field(default="auto", pattern=r"auto|cpu|mps|cuda(:\d+)?")
    revision: str | None = None
    trust_remote_code: bool = False
    attention: str = "auto"
    max_length: int | None = Field(default=None, ge=2)
    add_bos: bool | None = None
    batch_tokens: int | None = Field(default=None, ge=32)
    batch_rows: int | None = Field(default=None, ge=2, le=1024)
    threads: int | None = Field(default=None, ge=1)
    processes: int | None = Field(default=None, ge=1, le=64)

    @model_validator(mode="after")
    def _pinned(self) -> TransformersOptions:
        if self.trust_remote_code and not _COMMIT.fullmatch(self.revision or ""):
            raise ValueError(
                "trust_remote_code needs a revision of 40 hexadecimal digits: code is run, so it must be the code that was read"
            )
        return self


class TransformersBackend(Backend):
    """A transformers model on this machine. A subclass may set `scheme`, `builtin` and give `from_uri` another folder.

    Where the weights in memory are changed after `open`, or a subclass cannot be made of URI, options and folder alone, `helped` must be
    False: helping processes load what lies in the folder.
    """

    scheme: ClassVar[str] = "hf"
    Options: ClassVar[type[BackendOptions]] = TransformersOptions
    builtin: ClassVar[bool] = False
    helped = True  # by processes of its own, where that pays

    def __init__(self, uri: str, options: BackendOptions | None, folder: ModelFolder) -> None:
        """Read the configuration; nothing is loaded. Raises ModelError."""
        super().__init__(uri, options)
        if not isinstance(self.options, TransformersOptions):
            raise ModelError(f"{uri}: options are not those of {self.scheme}:")
        self._folder = folder
        self._config = folder.config()
        self._seq2seq = bool(self._config.get("is_encoder_decoder"))
        self._loaded: Loaded | None = None
        self._scorer: Scorer | EncoderDecoderScorer | None = None
        self._generator: Generator | None = None
        self._crew: Crew | None = None
        self._known: Profile | None = None  # suites ask for it with every case, and to count the weights takes milliseconds
        self._planned: tuple[int, int] = (0, 0)  # tokens and rows of batches as they were when the model was opened
        self.capabilities, self.undecided = self._capabilities()
        if folder.path is not None:
            folder.weights()

    @classmethod
    def from_uri(cls, uri: str, options: Any = None, folder: Path = Path()) -> TransformersBackend:
        """Find the folder or the name on the Hub. Raises ModelError."""
        checked = options if isinstance(options, TransformersOptions) else TransformersOptions.model_validate(options or {})
        return cls(uri, checked, find_folder(uri.partition(":")[2], folder, checked.revision))

    def open(self) -> None:
        """Load weights and tokenizer, try what the model does right, settle the shapes of batches. Raises ModelError."""
        if self._loaded is not None:
            return
        from fmaudit.models.backends.transformers.generation import ROWS, Generator
        from fmaudit.models.backends.transformers.loading import load
        from fmaudit.models.backends.transformers.probe import probe

        options = self._options
        self._folder = self._folder.fetch(code=options.trust_remote_code)
        self._crew, threads = self._gathered()
        loaded = load(self._folder, options, seq2seq=self._seq2seq)
        loaded.abilities = probe(loaded)
        self._loaded = loaded
        self._scorer = self._make_scorer(loaded)
        self._generator = Generator(loaded, options.batch_rows or ROWS, add_bos=options.add_bos, threads=threads)
        self._planned = (self._scorer.shapes.tokens, self._generator.rows)
        self.identity = loaded.identity
        self.capabilities, self.undecided = self._capabilities()
        self._name_mode()

    def close(self) -> None:
        """Let go of the model, the memory of its device and the processes that helped."""
        device = None if self._loaded is None else self._loaded.device
        if self._crew is not None:
            self._crew.close()
        self._loaded = self._scorer = self._generator = self._known = self._crew = None
        if device is not None and device.type == "cuda":
            import gc

            import torch

            gc.collect()
            torch.cuda.empty_cache()

    def score_each(self, requests: Sequence[ScoreRequest]) -> Iterator[tuple[int, Score | Failure]]:
        """Yield (position of the request, score) batch by batch, in an order that the requests alone determine."""
        self.open()
        assert self._scorer is not None
        yield from self._scorer.score_each(requests, self.usage)

    def generate_each(self, requests: Sequence[GenerateRequest]) -> Iterator[tuple[int, Completion | Failure]]:
        """Yield (position of the request, one of its samples) as each batch ends."""
        self.open()
        assert self._generator is not None
        yield from self._generator.generate_each(requests, self.usage, self._helpers())

    @property
    def shrunk(self) -> str:
        """Say how small batches became for lack of memory: ";tokens=N" of scoring, ";rows=N" of generation."""
        if self._scorer is None or self._generator is None:
            return ""
        now = {"tokens": self._scorer.shapes.tokens, "rows": self._generator.rows}
        return "".join(f";{name}={size}" for (name, size), planned in zip(now.items(), self._planned, strict=True) if size < planned)

    def shrink_to(self, shrunk: str) -> None:
        """Begin with batches as small as an earlier run found to fit."""
        self.open()
        assert self._scorer is not None
        assert self._generator is not None
        sizes = {name: int(size) for name, size in re.findall(r";(tokens|rows)=(\d+)", shrunk)}
        shapes = self._scorer.shapes
        self._scorer.shapes = replace(shapes, tokens=min(sizes.get("tokens", shapes.tokens), shapes.tokens))
        self._generator.rows = min(sizes.get("rows", self._generator.rows), self._generator.rows)

    def logits(self, request: ScoreRequest) -> NDArray[np.float32]:
        """Give the logits before each token of one continuation: [tokens, vocabulary]. Raises RequestError."""
        from fmaudit.models.backends.transformers.scoring import Scorer

        self.open()
        if not isinstance(self._scorer, Scorer):
            raise self._cannot(Capability.LOGITS)
        return self._scorer.logits(request)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts as the mean of the last hidden states (of the encoder, where there is one) over their own tokens."""
        from fmaudit.models.backends.transformers.embedding import embed

        return embed(self.loaded, texts_of(texts), add_bos=self._options.add_bos)

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenize texts without special tokens."""
        from fmaudit.models.backends.transformers.tokens import RequestEncoder

        return RequestEncoder(self.loaded).tokenize(texts_of(texts))

    def profile(self) -> Profile:
        """Tell what is known of the model; the weights are counted once they are loaded."""
        from fmaudit.models.backends.transformers.facts import profile_of

        if self._loaded is None:
            return profile_of(self._config, None, builtin=self.builtin)
        if self._known is None:
            self._known = profile_of(self._config, self._loaded, builtin=self.builtin)
        return self._known

    def trial(self, prompt_tokens: int, new_tokens: int, batch: int, seed: int) -> tuple[int, int]:
        """Read random prompts and write exactly so many tokens. Raises RequestError."""
        from fmaudit.models.backends.transformers.trial import run_trial

        return run_trial(self.loaded, prompt_tokens, new_tokens, batch, seed)

    def peak_memory(self, *, anew: bool = False) -> int | None:
        """Return what the GPU's allocator held at most, or this process on a CPU."""
        from fmaudit.models.backends.transformers.trial import device_peak

        return device_peak(self.loaded, anew=anew)

    def determinism(self, requests: Sequence[ScoreRequest]) -> Mapping[str, Any]:
        """Score a few requests again alone, eight at once and in float32; say how much the answers differ."""
        from fmaudit.models.backends.transformers.determinism import probe_determinism

        loaded = self.loaded
        assert self._scorer is not None
        return probe_determinism(loaded, self._scorer.shapes, lambda shapes: self._scorer_of(loaded, shapes), requests)

    def peak_flops(self) -> float | None:
        """Return the rate of matrix products on this device: known for a GPU, measured for a CPU."""
        from fmaudit.models.backends.transformers.machine import matrix_rate

        return matrix_rate(self.loaded.device, self.loaded.dtype)

    @property
    def loaded(self) -> Loaded:
        """The model in memory; loads it."""
        self.open()
        assert self._loaded is not None
        return self._loaded

    @property
    def _options(self) -> TransformersOptions:
        assert isinstance(self.options, TransformersOptions)
        return self.options

    def _helpers(self) -> Crew:
        """Give those who draw beside this process, who must compute as it does now; none are left where memory was short."""
        from fmaudit.models.backends.transformers.crew import mode_of

        assert self._crew is not None
        if self.shrunk:
            self._crew.close()
        self._crew.mode = mode_of(self)
        return self._crew

    def _gathered(self) -> tuple[Crew, int | None]:
        """Gather those who draw beside this process, and say how many threads each has where that is fewer than there are."""
        import torch

        from fmaudit.models.backends.transformers.crew import Crew, Recipe, processes_for
        from fmaudit.models.backends.transformers.loading import device_of

        threads = self._options.threads or torch.get_num_threads()
        count = processes_for(self._options.processes, self._folder.bytes(), device_of(self._options.device).type, threads)
        recipe = Recipe(type(self), self.uri, self._options, self._folder, threads)
        return Crew(recipe, count - 1 if self.helped else 0), max(1, threads // count) if count > 1 else None

    def _make_scorer(self, loaded: Loaded) -> Scorer | EncoderDecoderScorer:
        from fmaudit.models.backends.transformers.batches import Shapes
        from fmaudit.models.backends.transformers.calibrate import token_budget

        tokens = self._options.batch_tokens or token_budget(loaded)
        return self._scorer_of(loaded, Shapes(tokens, fixed=loaded.dtype.itemsize < 4, longest=loaded.max_length, filler=loaded.pad_id))

    def _scorer_of(self, loaded: Loaded, shapes: Shapes) -> Scorer | EncoderDecoderScorer:
        from fmaudit.models.backends.transformers.facts import cost_of
        from fmaudit.models.backends.transformers.scoring import Scorer
        from fmaudit.models.backends.transformers.seq2seq import EncoderDecoderScorer

        kind = EncoderDecoderScorer if loaded.seq2seq else Scorer
        return kind(loaded, shapes, cost_of(loaded.model), add_bos=self._options.add_bos)

    def _name_mode(self) -> None:
        from fmaudit.models.backends.transformers.facts import numeric_mode

        if self._loaded is not None and self._scorer is not None and self._generator is not None:
            self.numeric_mode = numeric_mode(self._loaded, self._scorer.shapes, self._generator.mode, self._options.add_bos)

    def _capabilities(self) -> tuple[frozenset[Capability], frozenset[Capability]]:
        """Tell what the model can do, and what it may be able to do."""
        names = [str(name) for name in self._config.get("architectures") or ()]
        if any(name.endswith(("ForMaskedLM", "Classification", "ForQuestionAnswering")) for name in names):
            hint = "hf: takes causal and sequence-to-sequence language models"
            raise ModelError(f"{self.uri}: {names[0]} is no model that continues text", hint=hint)
        chat = self._folder.has_chat_template()
        able = frozenset(Capability) - {Capability.CHAT, *({Capability.LOGITS} if self._seq2seq else ())}
        if chat is None:
            return able, frozenset({Capability.CHAT})
        return able | ({Capability.CHAT} if chat else frozenset()), frozenset()
