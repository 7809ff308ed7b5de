"""The audit of architectures: exact metrics, findings where they matter, from a configuration and from a loaded model."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from fmaudit import ConfigError, Exhibit, Finding, Metric, MetricStatus, Severity, load_backend
from fmaudit.testing import MemoryObservations, ask, assert_audit_contract, assert_results, by_name, codes, measure
from fmaudit_engine_card.architecture.loading import read_config
from fmaudit_engine_card.audit import EngineCard
from fmaudit_engine_card.params import EngineCardParams


def _seen(config: str | dict[str, Any] | None, counted: int | None = None, day: str = "") -> MemoryObservations:
    """Make the row that a backend's profile gives, of a published configuration, of values, or of nothing."""
    values = read_config(config)[0] if config is not None else None
    text = "" if values is None else json.dumps(values)
    row = {"case": "profile", "config": text, "architecture": "", "counted": counted, "dtype": "", "weights_bytes": None, "day": day}
    return MemoryObservations({"observations": pa.Table.from_pylist([row], schema=_schema())}, kind="model", uri="config:x")


def _schema() -> pa.Schema:
    return pa.schema([("case", pa.string()), *EngineCard.schema])


def _all(config: str | dict[str, Any] | None, counted: int | None = None, day: str = "", **params: Any) -> list[Metric | Finding | Exhibit]:
    return list(EngineCard(EngineCardParams(**params)).measure(_seen(config, counted, day)))


def _shown(found: list[Metric | Finding | Exhibit]) -> dict[str, Exhibit]:
    return {result.name: result for result in found if isinstance(result, Exhibit)}


def test_the_audit_keeps_its_contract() -> None:
    assert_audit_contract(EngineCard)
    assert_results(_all("mixtral-8x7b"))


def test_metrics_of_llama_2_7b_are_exact_and_have_no_interval() -> None:
    found = by_name(_all("llama-2-7b"))
    assert found["parameters"].value == found["active_parameters"].value == 6_738_415_616
    assert found["state_bytes_per_token"].value == 524_288
    assert found["state_bytes{tokens=4096}"].value == 2 * 2**30
    assert found["state_bytes{tokens=262144}"].value == 128 * 2**30
    assert found["weights{precision=bfloat16}"].value == 2 * 6_738_415_616
    assert found["doubling{tokens=4096}"].value == pytest.approx(2.28, abs=0.005)
    assert all(metric.interval is None for metric in found.values())
    assert "exactly 6,738,415,616" in found["parameters"].note
    modules = [metric.value for metric in found.values() if metric.name == "module_parameters"]
    assert sum(value or 0 for value in modules) == 6_738_415_616


def test_attention_computes_as_much_as_all_else_at_the_crossover_and_not_before() -> None:
    crossover = by_name(_all("llama-2-7b"))["crossover_tokens"].value
    assert crossover is not None
    shares = by_name(_all("llama-2-7b", contexts=(int(crossover) - 1, int(crossover))))
    low, high = (shares[f"attention_share{{tokens={int(crossover) + step}}}"].value for step in (-1, 0))
    assert low is not None
    assert high is not None
    assert low < 0.5 <= high
    assert by_name(_all("mamba-2.8b"))["crossover_tokens"].status is MetricStatus.UNDEFINED


def test_a_state_that_does_not_grow_has_no_longest_context() -> None:
    found = by_name(_all("mamba-2.8b", devices=("H100",), precisions=("bfloat16",)))
    longest = found["longest_context{device=H100,precision=bfloat16}"]
    assert longest.status is MetricStatus.UNDEFINED
    assert "does not grow" in longest.note
    assert found["state_bytes_per_token"].value == 0
    assert (found["largest_batch{device=H100,precision=bfloat16}"].value or 0) > 100


def test_mixtral_is_found_sparse_and_too_large_for_one_80_gb_card() -> None:
    found = _all("mixtral-8x7b", devices=("H100",))
    assert codes(found) == ["fits-nowhere", "sparse"]
    sentences = [finding.sentence for finding in found if isinstance(finding, Finding)]
    assert "2 x H100" in sentences[0]
    assert "it does in int8 and int4" in sentences[0]
    assert "46.7\u00a0G parameters" in sentences[1]
    assert "12.9\u00a0G" in sentences[1]


def test_a_model_that_fits_at_no_precision_is_warned_of() -> None:
    finding = next(result for result in _all("deepseek-v3", devices=("RTX 4090",)) if isinstance(result, Finding))
    assert finding.severity is Severity.WARNING


def test_a_model_that_fits_nowhere_gets_a_way_out_and_not_only_the_age_of_facts() -> None:
    some, none = (
        next(one for one in _all(name, devices=("H100",), day="2026-11-22") if isinstance(one, Finding) and one.code == "fits-nowhere")
        for name in ("mixtral-8x7b", "deepseek-v3")
    )
    assert some.advice.startswith("Serve it in int8 or int4, or cut it over 2 x H100.")
    assert none.advice.startswith("Cut it over 19 x H100, or ask about devices with more memory")
    stored = {**read_config("deepseek-v3")[0], "quantization_config": {"quant_method": "fp8"}}
    found = _all(stored, devices=("H100",))
    assert "stored quantised (fp8)" in next(one.advice for one in found if isinstance(one, Finding) and one.code == "fits-nowhere")
    assert any("stored quantised (fp8)" in row["value"] for row in _shown(found)["architecture"].data.to_pylist())


def test_what_a_device_does_not_compute_in_is_marked_where_it_fits() -> None:
    found = _all("llama-2-7b", devices=("V100", "H100"), precisions=("bfloat16", "float16"))
    assert "the V100 does not compute in bfloat16" in by_name(found)["largest_batch{device=V100,precision=bfloat16}"].note
    assert "does not compute" not in by_name(found)["largest_batch{device=H100,precision=bfloat16}"].note
    table = _shown(found)["fits"]
    assert "* The V100 does not compute in bfloat16." in table.caption
    cells = {(row["device"].split(",")[0], kind): row[kind] for row in table.data.to_pylist() for kind in ("bfloat16", "float16")}
    assert [name for name, cell in cells.items() if cell.endswith("*")] == [("V100", "bfloat16")]


def test_a_state_larger_than_the_weights_is_found_within_the_models_context_only() -> None:
    assert "state-outgrows-weights" not in codes(_all("llama-2-7b"))
    longer = {**read_config("llama-2-7b")[0], "max_position_embeddings": 131_072}
    finding = next(one for one in _all(longer) if isinstance(one, Finding) and one.code == "state-outgrows-weights")
    assert finding.metric == "state_bytes{tokens=32768}"
    assert "At 32,768 tokens" in finding.sentence
    assert "17.2\u00a0GB" in finding.sentence


def test_a_small_model_is_mostly_vocabulary() -> None:
    small = {
        "model_type": "llama", "vocab_size": 50_000, "hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4,
        "num_attention_heads": 4, "tie_word_embeddings": True,
    }  # fmt: skip
    assert "mostly-vocabulary" in codes(_all(small))
    assert "mostly-vocabulary" not in codes(_all("llama-2-7b"))
    assert "mostly-vocabulary" not in codes(_all(small, vocabulary_share=0.99))


def test_a_count_that_differs_from_the_model_built_is_a_warning() -> None:
    assert "counts-differ" not in codes(_all("gpt2", counted=124_439_808))
    assert "counts-differ" in codes(_all("gpt2", counted=124_439_809))


def test_of_an_unknown_family_the_count_alone_is_given_and_the_rest_is_said_to_be_missing() -> None:
    found = _all({"model_type": "brand_new", "hidden_size": 8}, counted=1234)
    assert by_name(found)["parameters"].value == 1234
    assert codes(found) == ["architecture-unknown"]
    unread = [one for one in found if isinstance(one, Finding)]
    assert [one.severity for one in unread] == [Severity.WARNING]  # a configuration was there to be read
    nothing = _all(None)
    assert [one.severity for one in nothing if isinstance(one, Finding)] == [Severity.NOTE]
    assert by_name(nothing)["parameters"].status is MetricStatus.UNDEFINED
    assert_results(nothing)


def test_training_tokens_add_operations_and_tokens_per_parameter() -> None:
    found = by_name(_all("llama-2-7b", training_tokens={"memory": 2e12}))
    assert found["training_flops"].value == pytest.approx(6 * 6_738_415_616 * 2e12)
    assert found["tokens_per_parameter"].value == pytest.approx(296.8, abs=0.05)
    assert "training_flops" not in by_name(_all("llama-2-7b"))


@pytest.mark.parametrize("name", ["llama-2-7b", "mixtral-8x7b", "deepseek-v3", "jamba-v0.1", "mamba-2.8b", "mistral-7b-v0.1", "gpt2"])
def test_every_exhibit_can_be_drawn(name: str) -> None:
    from fmaudit.report.charts import specification

    shown = {result.name: result for result in _all(name, card=False) if isinstance(result, Exhibit)}
    assert set(shown) == {"architecture", "parameters-by-module", "state-by-length", "operations-by-length", "fits"}
    for exhibit in shown.values():
        assert exhibit.data.num_rows
        assert (specification(exhibit) is None) == (exhibit.kind == "table")


def test_parameters_are_checked_when_planning() -> None:
    for wrong in ({"devices": ["abacus"]}, {"precisions": ["int3"]}, {"contexts": [0]}, {"contexts": []}, {"training_tokens": {"x": -1}}):
        with pytest.raises(ValidationError):
            EngineCardParams.model_validate(wrong)
    params = EngineCardParams(precisions=("bf16", "bfloat16"), contexts=(9, 3, 9), devices=("NVIDIA H100 80GB HBM3",))
    assert params.precisions == ("bfloat16",)
    assert params.contexts == (3, 9)
    assert params.devices == ("H100",)


def _planned(text: str, folder: Path) -> EngineCardParams:
    """Plan an audit.toml with this [audit.engine-card] and two models, and return the audit's parameters."""
    from fmaudit.config import load_config
    from fmaudit.hooks.manager import load_plugins
    from fmaudit.runs.audits import planned_audits

    (folder / "audit.toml").write_text(
        '[model.llama-2-7b]\nuri = "config:llama-2-7b"\n[model.mamba]\nuri = "config:mamba-2.8b"\n'
        f'[tokenizer.plain]\nuri = "bytes:"\n[audit.engine-card]\n{text}\n'
    )
    planned = planned_audits(load_config(folder / "audit.toml"), load_plugins())
    params = planned[0].audit.params
    assert isinstance(params, EngineCardParams)
    assert planned[0].parameters.keys().isdisjoint({"models", "corpora", "tokenizers"})
    return params


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("training_tokens = { llama2-7b = 2e12 }", ("training_tokens", "'llama2-7b'", "did you mean 'llama-2-7b'?", "llama-2-7b, mamba")),
        ("card_data = { mambo = [] }", ("card_data", "'mambo'", "did you mean 'mamba'?")),
        ('card_data = { mamba = ["plane"] }', ("card_data", "mamba: 'plane'", "corpus or tokenizer", "did you mean 'plain'?")),
    ],
)
def test_names_that_are_no_targets_are_refused_when_planning(text: str, told: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _planned(text, tmp_path)
    assert all(part in str(caught.value) for part in ("audit.engine-card", *told))


def test_names_of_targets_are_taken_when_planning(tmp_path: Path) -> None:
    params = _planned('training_tokens = { mamba = 3e11 }\ncard_data = { mamba = ["plain"] }', tmp_path)
    assert params.training_tokens == {"mamba": 3e11}
    assert params.card_data == {"mamba": ("plain",)}


def test_one_wrong_length_is_told_once() -> None:
    for wrong in ({"contexts": [0]}, {"contexts": []}, {"precisions": []}):
        with pytest.raises(ValidationError) as caught:
            EngineCardParams.model_validate(wrong)
        assert caught.value.error_count() == 1


def test_the_bytes_of_the_state_change_what_fits_and_the_table_says_which() -> None:
    half, full = (_all("llama-2-7b", devices=("RTX 4090",), precisions=("bfloat16",), state_bytes=width) for width in (1, None))
    name = "longest_context{device=RTX 4090,precision=bfloat16}"
    ratio = (by_name(half)[name].value or 0) / (by_name(full)[name].value or 1)
    assert ratio == pytest.approx(2, rel=0.05)
    assert "state (8 bits a value)" in by_name(half)[name].method
    assert "A value of the state takes 8 bits." in _shown(half)["fits"].caption
    assert "A value of the state takes 16 bits." in _shown(full)["fits"].caption
    assert _shown(half)["fits"].data != _shown(full)["fits"].data
    both = _shown(_all("llama-2-7b", devices=("H100",), precisions=("float32", "int8")))["fits"].caption
    assert "takes 32 bits beside float32; 16 bits beside int8." in both


def test_old_facts_are_told_beside_the_figures_that_rest_on_them_by_the_day_of_the_run() -> None:
    name = "largest_batch{device=H100,precision=bfloat16}"
    old, fresh, unknown = (
        _all("mixtral-8x7b", devices=("H100",), precisions=("bfloat16",), day=day) for day in ("2026-11-22", "2024-12-01", "")
    )
    for told in (by_name(old)[name].note, _shown(old)["fits"].caption, next(one.advice for one in old if isinstance(one, Finding))):
        assert "acts of H100: read on 2024-11-18, 734 days ago (older than 90 days: check it)" in told
    for found in (fresh, unknown):
        assert "days ago" not in by_name(found)[name].note + _shown(found)["fits"].caption


def test_what_is_shown_comes_in_the_order_of_use() -> None:
    names = list(_shown(_all("llama-2-7b")))
    assert names[-1] == "card-unknown"
    assert names.index("fits") == names.index("architecture") + 1


def test_a_configuration_and_a_built_in_model_are_profiled_without_being_asked(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    values = {"model_type": "llama", "vocab_size": 99, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    (tmp_path / "config.json").write_text(json.dumps({**values, "num_attention_heads": 4, "num_key_value_heads": 2}))
    audit = EngineCard()
    for uri in (f"config:{tmp_path}", "demo:chat"):
        backend = load_backend(uri)
        metrics, findings, _ = measure(audit, ask(audit, backend))
        assert metrics["parameters"].value == backend.profile().parameters
        assert "counts-differ" not in [finding.code for finding in findings]
        assert backend.usage.requests == 0


def test_the_day_of_the_run_is_taken_down() -> None:
    pytest.importorskip("transformers")
    rows = ask(EngineCard(), load_backend("config:llama-2-7b")).sql("SELECT day FROM observations").to_pylist()
    assert abs((datetime.now(UTC).date() - date.fromisoformat(rows[0]["day"])).days) <= 1
