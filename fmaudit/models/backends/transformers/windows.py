"""Documents longer than the model's window, cut as lm-eval cuts them: every token is scored once."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["rolling_windows"]


def rolling_windows(tokens: tuple[int, ...], prefix: int, longest: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield (context, targets) with at most `longest` tokens of input each.

    The first window follows the prefix token; later ones see one token of what came before; the last one slides back to full length and
    scores only what is left (lm-evaluation-harness 0.4.13, `get_rolling_token_windows` with `context_len=1`).
    """
    count = len(tokens)
    if not count:
        return
    first = min(longest, count)
    yield (prefix,), tokens[:first]
    done = first
    while done < count:
        size = min(count - done, longest)
        end = done + size
        yield tokens[end - longest - 1 : end - size], tokens[end - size : end]
        done = end
