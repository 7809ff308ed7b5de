"""Chat templates: Jinja in a sandbox, with the names and filters that templates of Hugging Face models use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fmaudit.errors import TokenizerError
from fmaudit.tokenizers.base import ChatTemplate

if TYPE_CHECKING:
    import jinja2
    from jinja2.ext import Extension

    from fmaudit.records import Message

__all__ = ["JinjaChatTemplate"]


class JinjaChatTemplate(ChatTemplate):
    """A template of tokenizer_config.json or chat_template.jinja, rendered as transformers does.

    `variables` are the special tokens it may name (`bos_token`, `eos_token`); `count` counts tokens of text in which special
    tokens are special.
    """

    def __init__(self, source: str, variables: Mapping[str, str], count: Callable[[str], int]) -> None:
        """Keep the source; it is compiled when first used."""
        self.source = source
        self._variables = dict(variables)
        self._count = count

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Render messages. Raises TokenizerError where the template refuses them or is broken."""
        import jinja2

        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            return str(
                self._template.render(
                    messages=turns, tools=None, documents=None, add_generation_prompt=add_generation_prompt, **self._variables
                )
            )
        except (jinja2.TemplateError, TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
            roles = ", ".join(message.role for message in messages)
            raise TokenizerError(f"the chat template cannot render the turns ({roles}): {error}") from error

    def tokens(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> int:
        """Count the tokens of the rendered conversation."""
        return self._count(self.render(messages, add_generation_prompt=add_generation_prompt))

    @cached_property
    def _template(self) -> jinja2.Template:
        return _environment().from_string(self.source)


def _environment() -> jinja2.Environment:
    """Build the sandbox: a template comes with a model, from anybody."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_generation_extension(), "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _strftime_now
    return environment


def _generation_extension() -> type[Extension]:
    """Make `{% generation %}`, which marks the model's own turns, mean its body."""
    from jinja2 import nodes
    from jinja2.ext import Extension

    class Generation(Extension):
        tags = {"generation"}  # noqa: RUF012 - Jinja's own attribute

        def parse(self, parser: Any) -> nodes.Node | list[nodes.Node]:
            line = next(parser.stream).lineno
            body: list[nodes.Node] = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    return Generation


def _to_json(value: Any, ensure_ascii: bool = False, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)
