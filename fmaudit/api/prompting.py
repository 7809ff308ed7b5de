"""What a run would ask of a model, for recording the answers elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from fmaudit.audit import ModelAudit
from fmaudit.errors import ConfigError, ModelError
from fmaudit.models.backends.listing import ListingBackend
from fmaudit.models.backends.replay import EMPTY
from fmaudit.models.base import Capability
from fmaudit.models.model import Model

if TYPE_CHECKING:
    from fmaudit.api.auditing import Prepared
    from fmaudit.models.base import Backend
    from fmaudit.models.requests import GenerateRequest
    from fmaudit.records import Case
    from fmaudit.runs.models import ModelPlan

__all__ = ["unrecorded_prompts"]


class _Listed(Model):
    """A model that is its own judge and reference: none is opened while prompts are only listed."""

    def companion(self, settings: Mapping[str, Any]) -> Model:
        return self


def unrecorded_prompts(prepared: Prepared, model: str = "") -> Iterator[dict[str, Any]]:
    """Yield what the audits would ask of a model and no recording answers, as rows of a recording without their completions.

    `model` is its name in audit.toml, needed where there are several. What depends on an answer (a second turn) is listed once that
    answer is recorded. Raises ConfigError for a model that is not there.
    """
    plan = _chosen(prepared.plan.models, model)
    backend = ListingBackend(_recorded(plan))
    listed = _Listed(backend)
    audits: dict[bytes, str] = {}
    for planned in plan.audits:
        if isinstance(planned.audit, ModelAudit):
            listed.run([partial(_observe, planned.audit, case) for case in planned.audit.cases()])
            audits |= dict.fromkeys(backend.asked.keys() - audits.keys(), planned.name)
    for key, request in backend.asked.items():
        yield _row(request, audits[key])


def _chosen(plans: tuple[ModelPlan, ...], name: str) -> ModelPlan:
    found = [plan for plan in plans if name in ("", plan.name)]
    if len(found) == 1:
        return found[0]
    named = ", ".join(plan.name for plan in plans) or "none"
    if not name and plans:
        raise ConfigError("audit.toml names several models", hint=f"choose one: --model NAME, of {named}")
    raise ConfigError(f"there is no model {name!r} that is audited" if name else "no model is audited", hint=f"models here: {named}")


def _recorded(plan: ModelPlan) -> Backend | None:
    """Open the recording where the model is one, and holds an answer already."""
    backend = plan.backend
    if backend is None or Capability.SETTINGS in backend.capabilities or Capability.GENERATE not in backend.capabilities:
        return None
    try:
        backend.open()
    except ModelError as error:
        if EMPTY not in str(error):
            raise
        return None
    return backend


async def _observe(audit: ModelAudit, case: Case, model: Model) -> None:
    """Let a case ask what it asks; without answers it comes to nothing."""
    try:
        await audit.observe(case, model)
    except ModelError:
        raise
    except Exception:
        pass


def _row(request: GenerateRequest, audit: str) -> dict[str, Any]:
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    asked: dict[str, Any] = {"prompt": messages[0]["content"] if messages else request.prompt}
    if len(messages) > 1:
        asked = {"messages": messages}
    sampling = request.sampling
    return asked | {
        "samples": len(request.samples), "temperature": sampling.temperature, "max_new_tokens": sampling.max_new_tokens, "audit": audit,
    }  # fmt: skip
