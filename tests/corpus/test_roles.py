"""Roles that are not in the file are told by where it lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmaudit.config.settings import CorpusSettings
from fmaudit.corpus.drawing import draw_documents
from fmaudit.errors import ConfigError


def corpus(folder: Path, **settings: object) -> dict[str, object]:
    for domain in ("law", "code"):
        (folder / domain).mkdir(parents=True, exist_ok=True)
        for i in range(5):
            (folder / domain / f"{domain}{i}.v2.txt").write_text(f"{domain} number {i}")
    return CorpusSettings(path=(f"{folder}/*/*.txt",), **settings).model_dump(mode="json")  # type: ignore[arg-type]


def test_a_domain_is_the_folder_or_the_file(tmp_path: Path) -> None:
    by_folder = draw_documents(corpus(tmp_path, domain="@folder"), per_group=10)
    assert by_folder["group"].to_pylist() == ["code"] * 5 + ["law"] * 5
    assert all(text.startswith(group) for text, group in zip(by_folder["text"].to_pylist(), by_folder["group"].to_pylist(), strict=True))
    by_file = draw_documents(corpus(tmp_path, language="@file"), per_group=10, group="language")
    assert by_file["group"].to_pylist()[:2] == ["code0", "code1"]


def test_a_draw_is_bounded_by_group_and_the_same_whatever_the_order_of_files(tmp_path: Path) -> None:
    settings = corpus(tmp_path, domain="@folder")
    drawn = draw_documents(settings, per_group=2)
    assert drawn["group"].to_pylist() == ["code"] * 2 + ["law"] * 2
    more = draw_documents(settings, per_group=3)
    assert set(drawn["text"].to_pylist()) < set(more["text"].to_pylist())
    assert draw_documents(settings, per_group=2).equals(drawn)
    seeds = {tuple(draw_documents(settings, per_group=2, seed=seed)["text"].to_pylist()) for seed in range(8)}
    assert len(seeds) > 1


def test_an_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be drawn by 'colour'"):
        draw_documents(corpus(tmp_path), per_group=1, group="colour")
