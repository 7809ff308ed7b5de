"""Places numbers on a line, for the small drawings beside a number."""

from __future__ import annotations

__all__ = ["Scale"]


class Scale:
    """Places numbers on a line from 0 to 100, to a tenth; what lies outside stands at the end."""

    def __init__(self, bottom: float, top: float) -> None:
        self.bottom = bottom
        self.span = (top - bottom) or 1.0

    def __call__(self, value: float) -> str:
        """Write the place of a value."""
        part = min(max((value - self.bottom) / self.span, 0.0), 1.0)
        return f"{part * 100:.1f}".removesuffix(".0")
