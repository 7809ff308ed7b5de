"""langdetect as a second opinion on a sample of documents, drawn by content so that a document's row never depends on its neighbours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from fmaudit import kernels
from fmaudit_corpus_language.facts import crawl_shares, language

__all__ = ["LONGEST", "SEED", "SecondOpinion", "chosen", "rates_by_size", "sampling_rate"]

SEED = 20171204
LONGEST = 500  # code points of a document that are looked at
MOST_BOOST = 10.0
FULL_SIZE = 4096  # bytes of a document from which on it is drawn at its label's full rate
LEAST_SIZE = 0.05
UNKNOWN_SHARE = 0.00002  # of languages that Common Crawl's table does not list


class SecondOpinion:
    """langdetect with its profiles read in a fixed order and its random numbers seeded for each document."""

    def __init__(self) -> None:
        """Load the profiles."""
        self._factory = _factory()

    def detect(self, text: str) -> tuple[str, float]:
        """Return label and probability, or "und" and 0 where langdetect finds nothing to go by."""
        from langdetect.lang_detect_exception import LangDetectException

        detector = self._factory.create()
        detector.append(text[:LONGEST])
        try:
            found = detector.get_probabilities()
        except LangDetectException:
            return "und", 0.0
        if not found:
            return "und", 0.0
        return str(found[0].lang).split("-")[0], float(found[0].prob)


@cache
def _factory() -> Any:
    from langdetect.detector_factory import DetectorFactory

    factory = DetectorFactory()
    folder = files("langdetect").joinpath("profiles")
    # langdetect itself takes the profiles in the order the disk lists them
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith((".", "__")))
    factory.load_json_profile([folder.joinpath(name).read_text("utf-8") for name in names])
    factory.set_seed(SEED)
    return factory


@cache
def sampling_rate(label: str, base: float) -> float:
    """Return the rate at which documents with this label are looked at.

    Rare languages need a higher rate for the same error: it grows with one over the root of the language's share of the web, which
    is fixed beforehand, so that the rate of a document depends on its label and size only. A base of 1 asks about everything.
    """
    if base >= 1.0:
        return 1.0
    shares = crawl_shares()
    share = shares.get(language(label).label, UNKNOWN_SHARE)
    return min(1.0, base * min(MOST_BOOST, float(np.sqrt(shares["en"] / share))))


def rates_by_size(rates: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64], base: float) -> npt.NDArray[np.float64]:
    """Lower the rates of short documents, which cost langdetect as much as long ones and everything else far less."""
    if base >= 1.0:
        return rates
    return np.minimum(1.0, rates * np.clip(sizes / FULL_SIZE, LEAST_SIZE, 1.0))


def chosen(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Draw each document with its rate, by a hash of its text; equal texts are drawn together."""
    uniform = np.empty(len(offsets) - 1, np.float64)
    _hash_texts(data, offsets, np.uint64(SEED), uniform)
    return uniform < rates


@kernels.compiled
def _hash_texts(data: Any, offsets: Any, seed: Any, uniform: Any) -> None:
    for i in range(len(uniform)):
        value = kernels.hash_bytes(data, offsets[i], offsets[i + 1] - offsets[i], seed)
        uniform[i] = np.float64(value >> np.uint64(11)) / 9007199254740992.0
