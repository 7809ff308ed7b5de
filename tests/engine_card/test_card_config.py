"""`config:`: published names, families that transformers does not know, and errors that say what to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fmaudit import ModelError, load_backend, published_config, published_configs
from fmaudit.testing import ask, measure
from fmaudit_engine_card.audit import EngineCard

pytest.importorskip("transformers")


def _config(folder: Path, **values: Any) -> str:
    (folder / "config.json").write_text(json.dumps(values))
    return f"config:{folder}"


def test_a_published_model_is_found_by_its_name() -> None:
    backend = load_backend("config:llama-2-7b")
    assert backend.profile().parameters == 6_738_415_616
    assert backend.profile() is backend.profile()
    assert backend.identity == load_backend("config:llama-2-7b").identity != load_backend("config:gpt2").identity


def test_a_file_of_that_name_comes_before_the_published_model(tmp_path: Path) -> None:
    values = {**json.loads(published_config("gpt2")), "n_layer": 1}
    (tmp_path / "gpt2").mkdir()
    _config(tmp_path / "gpt2", **values)
    built = load_backend("config:gpt2", folder=tmp_path).profile()
    assert built.layers == 1
    assert load_backend("config:gpt2").profile().layers == 12


def test_a_name_that_is_neither_is_an_error_that_lists_the_names(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="did you mean config:llama-2-7b") as error:
        load_backend("config:Llama2-7b", folder=tmp_path)
    assert all(name in str(error.value) for name in published_configs())
    with pytest.raises(ModelError, match="no configuration of 'llama'"):
        published_config("llama")


@pytest.mark.parametrize("text", ["[1]", "not json", ""])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ModelError, match="config"):
        load_backend(f"config:{tmp_path}")


def test_a_family_that_transformers_does_not_know_has_a_profile_without_a_count(tmp_path: Path) -> None:
    backend = load_backend(_config(tmp_path, model_type="brand_new", hidden_size=64, num_hidden_layers=3, vocab_size=10))
    known = backend.profile()
    assert (known.architecture, known.parameters, known.layers, known.hidden, known.vocabulary) == ("brand_new", None, 3, 64, 10)
    assert known.details["config"]["model_type"] == "brand_new"
    audit = EngineCard()
    metrics, findings, _ = measure(audit, ask(audit, backend))
    assert metrics["parameters"].value is None
    assert "architecture-unknown" in [finding.code for finding in findings]


def test_a_network_of_torch_is_profiled_by_the_engine_card_alone(tmp_path: Path) -> None:
    backend = load_backend(_config(tmp_path, model_type="lstm", vocab_size=100, hidden_size=64, num_layers=2))
    assert backend.profile().parameters is None
    audit = EngineCard()
    metrics, findings, _ = measure(audit, ask(audit, backend))
    assert (metrics["parameters"].value or 0) > 50_000
    assert metrics["state_bytes_per_token"].value == 0
    assert "counts-differ" not in [finding.code for finding in findings]


def test_numbers_of_which_no_model_can_be_made_are_an_error(tmp_path: Path) -> None:
    backend = load_backend(_config(tmp_path, model_type="llama", hidden_size="wide", vocab_size=10, num_hidden_layers=1))
    with pytest.raises(ModelError, match="cannot build it"):
        backend.profile()


def test_a_model_that_is_no_language_model_has_no_count(tmp_path: Path) -> None:
    assert load_backend(_config(tmp_path, model_type="vit", hidden_size=64)).profile().parameters is None
