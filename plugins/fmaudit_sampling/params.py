"""What [audit.sampling-consistency] may say: common parameters, then a table for every suite."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from fmaudit import AskParams, ItemSource, Params

__all__ = ["SamplingParams", "Setting"]

DEFAULT = (
    "conformance",
    "distribution",
    "determinism",
    "agreement",
    "position",
    "format",
    "paraphrase",
    "calibration",
    "hallucination",
    "frontier",
)


class Setting(Params):
    """One way to draw tokens: temperature, then top-k, then top-p."""

    temperature: float = Field(default=1.0, ge=0.0)
    top_k: int = Field(default=0, ge=0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)


def _not_empty(settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """Refuse no settings; after all are read, since `min_length` would count those that are wrong as missing too."""
    if not settings:
        raise ValueError("there must be at least 1 item")
    return settings


Settings = Annotated[tuple[Setting, ...], AfterValidator(_not_empty)]


class ConformanceParams(Params):
    """Parameters of the suite conformance."""

    settings: Settings = Field(
        default=(Setting(), Setting(temperature=0.8, top_k=50, top_p=0.9)),
        description="The settings asked for, each held to what it states.",
    )
    prompts: int = Field(default=9, ge=1, description="Prompts that are continued, at most.")
    tokens: int = Field(default=1500, ge=100, description="Tokens drawn with every setting, about.")
    length: int = Field(default=48, ge=1, description="The longest continuation, in tokens.")
    first: int = Field(default=200, ge=0, description="Draws of the first token after one prompt, for the G-test; 0 leaves it out.")
    slack: float = Field(default=1e-3, ge=0.0, description="Numerical error of a logit, in nats: about 0.001 in float32, 0.1 in bfloat16.")


class AgreementParams(Params):
    """Parameters of the suite agreement."""

    pass_k: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1, 3, 5), description="pass^k, the chance that k samples are all right, for these k."
    )
    wordings: int = Field(default=2, ge=0, description="Other wordings asked for the split of variance, where the suite paraphrase is on.")
    split_items: int = Field(default=20, ge=2, description="Questions that the split of variance is made with, at most.")


class HallucinationParams(Params):
    """Parameters of the suite hallucination."""

    confident: float = Field(default=0.5, gt=0.0, le=1.0, description="An answer that this share of the samples gives is a sure one.")


class FormatParams(Params):
    """Parameters of the suite format."""

    items: int = Field(default=40, ge=2, description="Questions asked in every format, at most.")
    mode: Literal["open", "choice"] = Field(default="open", description="Free answers to `questions`, or lettered options of `choices`.")
    formats: tuple[str, ...] = Field(default=(), description="The formats compared, by their ids; by default all.")


class ParaphraseParams(Params):
    """Parameters of the suite paraphrase."""

    items: int = Field(default=40, ge=2, description="Questions asked in all wordings, at most.")


class DeterminismParams(Params):
    """Parameters of the suite determinism."""

    items: int = Field(default=10, ge=1, description="Prompts completed greedily again and again, at most.")
    runs: int = Field(default=10, ge=2, description="How often each is completed.")
    tokens: int = Field(default=48, ge=1, description="The length of these completions, in tokens.")


class FrontierParams(Params):
    """Parameters of the suite frontier."""

    items: int = Field(default=20, ge=2, description="Questions asked at every setting, at most.")
    prompts: int = Field(default=15, ge=1, description="Open prompts completed at every setting, at most.")
    samples: int = Field(default=4, ge=2, description="Answers to each at every setting.")
    tokens: int = Field(default=48, ge=1, description="The length of completions of open prompts, in tokens.")
    tolerance: float = Field(default=0.1, ge=0.0, le=1.0, description="The loss of accuracy that variety may cost even where it is sure.")
    kernel: Literal["ngram", "embedding"] = Field(
        default="ngram", description="What makes two completions alike for the Vendi score: shared words, or the model's own embeddings."
    )


class ContradictionParams(Params):
    """Parameters of the suite contradiction."""

    tokens: int = Field(default=160, ge=1, description="The length of what is told of a topic, in tokens.")
    supported: float = Field(default=0.5, gt=0.0, le=1.0, description="A sentence with less support in the samples is unsupported.")


class DistributionParams(Params):
    """Parameters of the suite distribution."""

    prompts: dict[str, tuple[str, ...]] = Field(
        default={
            "The cat sat on the": ("mat", "floor", "sofa", "roof", "bed", "table", "chair"),
            "The capital of France is": ("Paris", "Lyon", "London", "Berlin", "the", "a"),
            "Once upon a": ("time", "day", "hill", "night"),
            "Water is made of hydrogen and": ("oxygen", "carbon", "nitrogen", "helium"),
        },
        min_length=1,
        description="Texts, and words that may come next: what else may come is shown as the rest.",
    )
    views: Settings = Field(
        default=(
            Setting(temperature=1.0), Setting(temperature=0.5), Setting(temperature=2.0), Setting(top_k=2), Setting(top_p=0.9),
        ),
        description="The settings under which the probabilities are shown.",
    )  # fmt: skip
    draws: int = Field(default=50, ge=2, description="Tokens drawn after each text, to see what comes that is not listed.")


class SamplingParams(AskParams):
    """Parameters of the sampling-consistency audit."""

    suites: tuple[str, ...] = Field(default=DEFAULT, description="The suites asked, by name; contradiction and round-trip on demand.")
    temperature: float = Field(default=1.0, ge=0.0, description="How answers are drawn where a suite asks for several.")
    samples: int = Field(default=10, ge=2, description="Answers to every prompt, where a suite asks for several.")
    equivalence: Literal["exact", "number", "embedding", "entailment", "judge"] = Field(
        default="exact", description="When two answers mean the same: equal words, equal numbers, near embeddings, or as the judge says."
    )
    embedding_threshold: float = Field(default=0.9, gt=-1.0, le=1.0, description="The cosine from which two embeddings mean the same.")
    answer_tokens: int = Field(default=32, ge=1, description="The longest answer to a question with a short answer, in tokens.")
    conformance: ConformanceParams = Field(default=ConformanceParams(), description="The suite conformance.")
    grid: Settings = Field(
        default=tuple(Setting(temperature=t, top_p=p) for t in (0.0, 0.3, 0.7, 1.0, 1.3, 1.6) for p in (0.9, 1.0)),
        description="The settings that the suite frontier compares.",
    )
    questions: ItemSource = Field(default=ItemSource(), description="Questions with known answers.")
    choices: ItemSource = Field(default=ItemSource(), description="Questions with options.")
    open_prompts: ItemSource = Field(default=ItemSource(), description="Open prompts, of kinds such as creative and legal.")
    passages: ItemSource = Field(default=ItemSource(), description="Topics to tell of, with facts.")
    agreement: AgreementParams = Field(default=AgreementParams(), description="The suite agreement.")
    hallucination: HallucinationParams = Field(default=HallucinationParams(), description="The suite hallucination.")
    format: FormatParams = Field(default=FormatParams(), description="The suite format.")
    paraphrase: ParaphraseParams = Field(default=ParaphraseParams(), description="The suite paraphrase.")
    determinism: DeterminismParams = Field(default=DeterminismParams(), description="The suite determinism.")
    frontier: FrontierParams = Field(default=FrontierParams(), description="The suite frontier.")
    contradiction: ContradictionParams = Field(default=ContradictionParams(), description="The suite contradiction.")
    distribution: DistributionParams = Field(default=DistributionParams(), description="The suite distribution.")
    round_trip: ItemSource = Field(default=ItemSource(), description="Items of the suite round-trip.")

    @model_validator(mode="after")
    def _judge_is_there(self) -> Self:
        if self.equivalence == "judge" and not self.judge:
            raise ValueError("equivalence = 'judge', and no judge is named: add judge = ['MODEL']")
        return self
