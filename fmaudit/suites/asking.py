"""How a suite asks: through the chat template where there is one, one shape of sampling for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator, model_validator

from fmaudit.audit import Models, Params
from fmaudit.models.base import Capability
from fmaudit.models.requests import GenerateRequest, Sampling, Score, ScoreRequest
from fmaudit.records import Message
from fmaudit.suites.naming import one_spelling
from fmaudit.suites.reasoning import without_reasoning

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmaudit.models.model import Model
    from fmaudit.models.requests import Completion

__all__ = ["AskParams", "Asker"]


class AskParams(Params):
    """What every audit of suites may set about asking."""

    chat: bool | None = Field(default=None, description="Ask through the chat template; by default where the model has one.")
    system: str = Field(default="", description="The system prompt, in chats.")
    template: str = Field(default="{prompt}", description="What is sent where the model has no chat template; {prompt} is filled in.")
    max_new_tokens: int = Field(default=256, ge=1, description="The longest answer, in tokens.")
    stop: tuple[str, ...] = Field(default=(), description="Strings that end an answer.")
    temperature: float = Field(default=0.0, ge=0.0, description="How answers are drawn; 0 takes the most probable token.")
    reasoning: tuple[str, str] = Field(
        default=("<think>", "</think>"),
        description="What a model's thinking aloud begins and ends with: it is no part of the answer. Two empty strings keep it.",
    )
    limit: int | None = Field(default=None, ge=1, description="The items asked in every suite, by default all.")
    minimum_items: int = Field(default=10, ge=1, description="The fewest items that a rate is given for.")
    judge: Models = Field(default_factory=dict, description="A model that judges answers, by its name in audit.toml.")
    reference: Models = Field(default_factory=dict, description="A model to compare with, by its name in audit.toml.")

    @model_validator(mode="before")
    @classmethod
    def _hyphens(cls, given: Any) -> Any:
        return one_spelling(given, cls) if isinstance(given, Mapping) else given

    @field_validator("template")
    @classmethod
    def _with_a_place(cls, template: str) -> str:
        if "{prompt}" not in template:
            raise ValueError("it has no {prompt}, so that every prompt would be sent as the same text: write {prompt} where it belongs")
        return template

    @field_validator("judge", "reference")
    @classmethod
    def _one_model(cls, named: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if len(named) > 1:
            raise ValueError(f"one model is asked, and {', '.join(named)} are named: keep one of them")
        return named


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks a model as the audit's parameters say."""

    model: Model
    params: AskParams

    @property
    def chat(self) -> bool:
        """Whether prompts go through a chat template."""
        return Capability.CHAT in self.model.capabilities if self.params.chat is None else self.params.chat

    @property
    def scores(self) -> bool:
        """Whether log-probabilities of given continuations can be had."""
        return Capability.SCORE in self.model.capabilities

    async def say(self, prompt: str | Sequence[Message], *, samples: int = 1, **sampling: Any) -> tuple[Completion, ...]:
        """Let the model answer; `sampling` overrides the fields of `Sampling`. Texts are without reasoning. Raises RequestError."""
        chosen: dict[str, Any] = {
            "temperature": self.params.temperature,
            "max_new_tokens": self.params.max_new_tokens,
            "stop": self.params.stop,
        }
        request = GenerateRequest(**self._asked(prompt), sampling=Sampling(**chosen | sampling), samples=tuple(range(samples)))
        found = (await self.model.generate([request]))[0]
        return tuple(without_reasoning(one, self.params.reasoning) for one in found)

    async def prefer(self, prompt: str | Sequence[Message], options: Sequence[str]) -> list[float]:
        """Log-likelihood (nats) of each option as the answer. Raises RequestError."""
        asked = self._asked(prompt)
        if messages := asked.get("messages"):
            requests = [ScoreRequest(messages=messages, continuation=option) for option in options]
        else:
            context = str(asked["prompt"])
            space = "" if not context or context[-1:].isspace() else " "
            requests = [ScoreRequest(context=context, continuation=space + option) for option in options]
        return [score.log_likelihood for score in await self.model.score(requests)]

    async def score(self, prompt: str | Sequence[Message], token_ids: Sequence[int]) -> Score:
        """Score these very tokens as the answer, after the context that `say` draws answers after. Raises RequestError."""
        asked = self._asked(prompt)
        messages, context = asked.get("messages", ()), str(asked.get("prompt", ""))
        return (await self.model.score([ScoreRequest(messages=messages, context=context, continuation_ids=tuple(token_ids))]))[0]

    async def logits(self, prompt: str | Sequence[Message], token_ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits before each token of an answer: shape [tokens, vocabulary]. Raises RequestError."""
        asked = self._asked(prompt)
        messages, context = asked.get("messages", ()), str(asked.get("prompt", ""))
        return await self.model.logits(ScoreRequest(messages=messages, context=context, continuation_ids=tuple(token_ids)))

    def judge(self) -> Asker | None:
        """The model that judges, asked as itself: the audited model's system prompt, template and stop strings are not its own."""
        return self._beside(self.params.judge, AskParams())

    def reference(self) -> Asker | None:
        """The model to compare with; None where none is named."""
        return self._beside(self.params.reference, self.params)

    def _beside(self, named: dict[str, dict[str, Any]], params: AskParams) -> Asker | None:
        for settings in named.values():
            return Asker(self.model.companion(settings), params)
        return None

    def _asked(self, prompt: str | Sequence[Message]) -> dict[str, Any]:
        if self.chat:
            turns = (Message("user", prompt),) if isinstance(prompt, str) else tuple(prompt)
            opening = (Message("system", self.params.system),) if self.params.system else ()
            return {"messages": opening + turns}
        text = prompt if isinstance(prompt, str) else "\n\n".join(message.content for message in prompt)
        return {"prompt": self.params.template.replace("{prompt}", text)}
