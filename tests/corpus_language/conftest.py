"""Fixtures of the language tests: the shipped model, ours and fastText's own reading of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fmaudit_corpus_language.detector import Detector
from fmaudit_corpus_language.model import bundled_model, load_model, open_model
from fmaudit_corpus_language.signal import LanguageSignal


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(load_model(open_model()))


@pytest.fixture(scope="session")
def oracle() -> Any:
    import fasttext

    return fasttext.load_model(str(bundled_model()))


@pytest.fixture(scope="session")
def signal() -> LanguageSignal:
    return LanguageSignal({"langdetect_rate": 1.0})
