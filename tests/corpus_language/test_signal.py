"""The signal says what it knows, and that it does not know the rest."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from texts import SENTENCES, make_texts

from fmaudit import DocumentBatch, ModelFileError
from fmaudit.testing import assert_signal_contract
from fmaudit_corpus_language.second_opinion import SecondOpinion, rates_by_size, sampling_rate
from fmaudit_corpus_language.signal import LanguageSignal

ENGLISH = "The committee will meet again on Thursday to discuss the budget.\n"
FRENCH = "Les enfants jouent dans le jardin pendant que leur mère lit un livre.\n"
GEORGIAN = "წიგნი მაგიდაზე დევს და ფანჯარა ღიაა, რადგან დღეს თბილა."


def rows(signal: LanguageSignal, *texts: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = signal.compute(DocumentBatch.from_texts(list(texts))).to_pylist()
    return found


def test_contract(signal: LanguageSignal) -> None:
    assert_signal_contract(signal, [*SENTENCES, *make_texts(60, seed=3)])


@pytest.mark.parametrize("text", ["", " ", "12345 67.89", "!!! ... ???", "\x00", "😀", "</s> This is English but never read"])
def test_no_evidence_is_no_english(signal: LanguageSignal, text: str) -> None:
    """lid.176 calls all of these English with .1245, its prior."""
    row = rows(signal, text)[0]
    assert (row["label"], row["no_evidence"], row["second_label"], row["script_mismatch"]) == ("und", True, None, False)
    assert row["langdetect_label"] is None


def test_ordinary_text(signal: LanguageSignal) -> None:
    row = rows(signal, ENGLISH.strip())[0]
    assert (row["label"], row["script"], row["lines"], row["line_label"], row["mixed"]) == ("en", "Latn", 1, "en", False)
    assert row["letters"] == sum(character.isalpha() for character in ENGLISH)
    assert (row["langdetect_label"], row["langdetect_rate"]) == ("en", 1.0)


def test_mixed_lines(signal: LanguageSignal) -> None:
    mixed, little, numbers = rows(signal, ENGLISH * 3 + FRENCH * 2, ENGLISH * 9 + FRENCH, ENGLISH * 3 + "1\n2\n\n3")
    assert (mixed["mixed"], mixed["line_label"], mixed["second_line_label"]) == (True, "en", "fr")
    assert mixed["line_share"] == pytest.approx(0.6)
    assert (little["mixed"], little["lines"]) == (False, 10)
    assert (numbers["mixed"], numbers["lines"]) == (False, 3)


def test_script_mismatch(signal: LanguageSignal) -> None:
    cyrillic_english, georgian, both = rows(
        signal, "Зе куик броун фокс", GEORGIAN, ENGLISH + "今日は天気がいいので、友達と公園へ散歩に行きました。" * 2
    )
    assert georgian["script_mismatch"] is False
    assert georgian["script"] == "Geor"
    assert cyrillic_english["script"] == "Cyrl"
    assert (both["script"], both["label"], both["script_mismatch"]) == ("Latn", "ja", False)  # mixed, not mislabelled
    # langdetect knows no Georgian and is sure of another language: the reason a second opinion is no truth
    assert georgian["langdetect_label"] == "et"


def test_a_wrong_label_in_another_script_is_a_mismatch(signal: LanguageSignal) -> None:
    expected = signal._expected
    from fmaudit_corpus_language.facts import script_names

    estonian, georgian = signal._model.labels.index("et"), script_names().index("Geor")
    assert not expected[estonian, georgian]
    assert expected[signal._model.labels.index("ka"), georgian]
    assert rows(signal, "ah oh uh ми ты вы они оно она он мы")[0]["script"] == "Cyrl"


def test_sampling_is_by_content_and_rate() -> None:
    texts = [f"{ENGLISH * 70}{i}" for i in range(4000)]
    signal = LanguageSignal({"langdetect_rate": 0.05})
    found = rows(signal, *texts)
    asked = [i for i, row in enumerate(found) if row["langdetect_label"] is not None]
    assert 140 < len(asked) < 270
    assert {found[i]["langdetect_rate"] for i in asked} == {0.05}
    again = rows(signal, *reversed(texts))
    assert [4000 - 1 - i for i in reversed(asked)] == [i for i, row in enumerate(again) if row["langdetect_label"] is not None]
    assert not any(row["langdetect_label"] for row in rows(LanguageSignal({"langdetect_rate": 0.0}), *texts[:50]))


def test_rare_languages_are_asked_about_more() -> None:
    assert sampling_rate("en", 0.002) == 0.002
    assert 0.002 < sampling_rate("de", 0.002) < sampling_rate("te", 0.002) <= 0.02
    short, long = rates_by_size(np.array([0.02, 0.02]), np.array([100, 10_000]), 0.002)
    assert short == pytest.approx(0.001)
    assert long == 0.02
    assert sampling_rate("te", 1.0) == 1.0


def test_second_opinion_does_not_depend_on_what_came_before() -> None:
    first, second = SecondOpinion(), SecondOpinion()
    texts = list(SENTENCES)
    assert [first.detect(text) for text in texts] == [second.detect(text) for text in reversed(texts)][::-1]
    assert first.detect("12345") == ("und", 0.0)


def test_fingerprint_names_the_model_and_refuses_an_unknown_one(tmp_path: Any) -> None:
    assert LanguageSignal().fingerprint().startswith("8f3472cfe8738a7b")
    path = tmp_path / "page.ftz"
    path.write_text("<html>Not Found</html>" * 100)
    with pytest.raises(ModelFileError, match="unknown model file"):
        LanguageSignal({"model": str(path)}).fingerprint()
    with pytest.raises(ValidationError, match="model_sha256"):
        LanguageSignal({"model_sha256": "0" * 64})


def test_importing_the_plugin_is_light() -> None:
    code = (
        "import sys, fmaudit_corpus_language as p; p.fmaudit_audits(); p.fmaudit_signals();"
        "print([m for m in ('numba', 'fasttext', 'langdetect', 'duckdb', 'scipy', 'regex') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
