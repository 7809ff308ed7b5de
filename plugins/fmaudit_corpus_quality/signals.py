"""The signals and tallies this plugin computes."""

from __future__ import annotations

from fmaudit import Signal, Tally
from fmaudit_corpus_quality.duplicates import DuplicatesSignal, LineTally, ParagraphTally
from fmaudit_corpus_quality.encoding import EncodingSignal
from fmaudit_corpus_quality.signal import QualitySignal

__all__ = ["SIGNALS", "TALLIES"]

SIGNALS: list[type[Signal]] = [QualitySignal, DuplicatesSignal, EncodingSignal]
TALLIES: list[type[Tally]] = [LineTally, ParagraphTally]
