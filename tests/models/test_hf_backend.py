"""The hf: backend from outside: options, files, identity, numeric mode, profile, embeddings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tiny_models import save, tiny

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers import calibrate
from fmaudit.models.backends.transformers.backend import TransformersBackend, TransformersOptions
from fmaudit.models.backends.transformers.calibrate import budget_of
from fmaudit.models.backends.transformers.generation import Generator
from fmaudit.models.backends.transformers.loaded import Loaded
from fmaudit.models.backends.transformers.scoring import Scorer
from fmaudit.models.base import Capability
from fmaudit.models.cache import ResponseCache
from fmaudit.models.model import Model
from fmaudit.models.requests import GenerateRequest, Sampling, ScoreRequest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("llama"), "llama")


@pytest.fixture(scope="module")
def backend(folder: Path) -> TransformersBackend:
    made = TransformersBackend.from_uri(f"hf:{folder}", TransformersOptions(threads=1))
    made.open()
    return made


def test_capabilities_are_known_before_weights_are_read(folder: Path) -> None:
    made = TransformersBackend.from_uri(f"hf:{folder.name}", folder=folder.parent)
    assert made.capabilities == {*Capability} - {Capability.CHAT}
    assert made.profile().layers == 2
    assert made.profile().parameters is None
    assert made._loaded is None


def test_a_chat_template_makes_chat(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "chat")
    (copy / "chat_template.jinja").write_text("{{ messages[0].content }}")
    assert Capability.CHAT in TransformersBackend.from_uri(f"hf:{copy}").capabilities


@pytest.mark.parametrize("template", [True, False])
def test_whether_a_model_on_the_hub_has_a_chat_template_is_known_once_it_is_loaded(
    template: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(folder, tmp_path / "there")
    if template:
        (copy / "chat_template.jinja").write_text("{{ messages[0].content }}")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda name, file, revision: str(copy / file))
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, revision, allow_patterns: str(copy))
    made = TransformersBackend.from_uri("hf:owner/name", TransformersOptions(threads=1), folder=tmp_path)
    assert made.undecided == {Capability.CHAT}
    assert Capability.CHAT not in made.capabilities
    made.open()
    assert not made.undecided
    assert (Capability.CHAT in made.capabilities) == template


def test_pickled_weights_are_refused_before_anything_is_loaded(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "pickled")
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match="only pickled weights"):
        TransformersBackend.from_uri(f"hf:{copy}")


@pytest.mark.parametrize("reference", ["./nowhere", "", "a b c", "/no/such/folder"])
def test_what_is_no_folder_and_no_name_is_an_error(reference: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        TransformersBackend.from_uri(f"hf:{reference}", folder=tmp_path)


def test_broken_files_are_errors_that_name_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        TransformersBackend.from_uri(f"hf:{tmp_path}")
    broken = shutil.copytree(folder, tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        TransformersBackend.from_uri(f"hf:{broken}").open()
    classifier = shutil.copytree(folder, tmp_path / "classifier")
    config = json.loads((classifier / "config.json").read_text())
    (classifier / "config.json").write_text(json.dumps({**config, "architectures": ["LlamaForSequenceClassification"]}))
    with pytest.raises(ModelError, match="no model that continues text"):
        TransformersBackend.from_uri(f"hf:{classifier}")


def test_weights_that_are_missing_are_not_made_up(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, tmp_path / "half")
    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="not in the files"):
        TransformersBackend.from_uri(f"hf:{copy}").open()


def test_a_models_own_code_needs_a_pinned_revision() -> None:
    with pytest.raises(ValidationError, match="40 hexadecimal digits"):
        TransformersOptions(trust_remote_code=True, revision="main")
    assert TransformersOptions(trust_remote_code=True, revision="a" * 40).trust_remote_code


def test_identity_follows_the_contents_of_weights_tokenizer_and_template(
    folder: Path, backend: TransformersBackend, tmp_path: Path
) -> None:
    def identity(name: str, change: str = "") -> str:
        copy = shutil.copytree(folder, tmp_path / name)
        if change:
            path = copy / change
            path.write_bytes((path.read_bytes() if path.exists() else b"") + b" ")
        from fmaudit.models.backends.transformers.folder import find_folder

        return find_folder(str(copy), Path(), None).identity()

    assert identity("same") == backend.identity
    others = {identity(name, name) for name in ("config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors")}
    assert len(others) == 4
    assert backend.identity not in others


def test_the_numeric_mode_names_what_changes_bits(folder: Path, backend: TransformersBackend) -> None:
    half = TransformersBackend.from_uri(f"hf:{folder}", TransformersOptions(dtype="bfloat16", batch_tokens=128, threads=1))
    half.open()
    assert half.identity == backend.identity
    assert half.numeric_mode != backend.numeric_mode
    for part in ("bfloat16", "fixed:128", f"torch={torch.__version__}", "attention=sdpa"):
        assert part in half.numeric_mode


def test_profile_counts_tied_weights_once(backend: TransformersBackend, tmp_path: Path) -> None:
    profile = backend.profile()
    assert profile.parameters == sum(weight.numel() for weight in backend.loaded.model.parameters())
    assert (profile.architecture, profile.vocabulary, profile.max_length, profile.dtype) == ("LlamaForCausalLM", 512, 256, "float32")
    assert profile.weights_bytes == 4 * profile.parameters
    assert not profile.builtin
    tied = TransformersBackend.from_uri(f"hf:{save(tmp_path, 'llama', tie_word_embeddings=True)}")
    tied.open()
    assert tied.profile().parameters == profile.parameters - 512 * 64


def test_an_embedding_is_the_mean_of_the_last_hidden_states(backend: TransformersBackend) -> None:
    texts = ["the cat sat", "", "a much longer text than the others"]
    vectors = backend.embed(texts)
    assert vectors.shape == (3, 64)
    ids = torch.tensor(backend.tokenize(texts)[2])[None]
    with torch.no_grad():
        states = backend.loaded.model.model(ids)[0][0]
    assert np.allclose(vectors[2], states.mean(0).numpy(), atol=1e-5)
    assert np.array_equal(backend.embed(texts[2:])[0], vectors[2])


def test_the_collision_that_confuses_a_cache_by_tokens_is_scored_right(tmp_path: Path) -> None:
    # one input, split at two places: a cache keyed by the tokens alone hands out the wrong rows
    made = TransformersBackend.from_uri(f"hf:{save(tmp_path, 'llama', words=True)}")
    scores = made.score([ScoreRequest(context=a, continuation=b) for a, b in [("a b", " c d"), ("a b c", " d"), ("a b c", " e")]])
    ids = made.tokenize(["a b c d e"])[0]
    with torch.no_grad():
        rows = made.loaded.model(torch.tensor([ids[:3]])).logits[0].log_softmax(-1)
    c, d, e = ids[2:]
    expected = [float(rows[1, c] + rows[2, d]), float(rows[2, d]), float(rows[2, e])]
    assert np.allclose([score.log_likelihood for score in scores], expected, atol=1e-5)


def test_a_long_document_rolls_through_the_window(backend: TransformersBackend) -> None:
    text = "the cat sat on the mat and " * 60
    score = backend.score([ScoreRequest(continuation=text, rolling=True)])[0]
    ids = backend.tokenize([text])[0]
    assert score.token_ids == tuple(ids)
    with torch.no_grad():
        first = backend.loaded.model(torch.tensor([[1, *ids[:255]]])).logits[0].log_softmax(-1)
        last = backend.loaded.model(torch.tensor([ids[-257:-1]])).logits[0].log_softmax(-1)
    tail = len(ids) % 256
    assert np.allclose(score.log_probs[:256], first[range(256), ids[:256]], atol=1e-4)
    assert np.allclose(score.log_probs[-tail:], last[range(256 - tail, 256), ids[-tail:]], atol=1e-4)


def test_after_lack_of_memory_a_new_process_finds_every_answer_and_begins_with_what_fitted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = TransformersOptions(threads=1, batch_tokens=256, batch_rows=16)
    scores = [ScoreRequest(continuation="word " * (3 + i)) for i in range(12)]
    samples = [GenerateRequest(prompt=f"Number {i}", sampling=Sampling(max_new_tokens=4), samples=(0, 1, 2)) for i in range(8)]

    def ask(prepare: Callable[[], None] = lambda: None) -> tuple[TransformersBackend, Model, list[Any]]:
        backend = TransformersBackend.from_uri(f"hf:{folder}", options)
        backend.open()
        prepare()
        cache = ResponseCache(tmp_path / "answers.sqlite")
        model = Model(backend, cache)
        found = model.run([lambda model: model.score(scores), lambda model: model.generate(samples)])
        cache.close()
        return backend, model, found

    with monkeypatch.context() as patch:
        first, model, expected = ask(lambda: _take_memory(patch, tokens=128, rows=4))
        assert first.shrunk == ";tokens=128;rows=4"
        assert model.asked == 12 + 24
    second, model, found = ask()
    assert second.shrunk == first.shrunk
    assert second.numeric_mode == first.numeric_mode
    assert (model.asked, model.cached) == (0, 12 + 24)
    assert found == expected


def _take_memory(patch: pytest.MonkeyPatch, tokens: int, rows: int) -> None:
    score, decode = Scorer._figures, Generator._decoded

    def figures(self: Scorer, batch: Any, work: Any) -> Any:
        if self.shapes.tokens > tokens:
            raise torch.OutOfMemoryError("no memory")
        return score(self, batch, work)

    def decoded(self: Generator, batches: Any, memo: Any) -> Any:
        if batches[0].shape.rows > rows:
            raise torch.OutOfMemoryError("no memory")
        return decode(self, batches, memo)

    patch.setattr(Scorer, "_figures", figures)
    patch.setattr(Generator, "_decoded", decoded)


def test_the_budget_of_tokens_follows_from_the_device_and_the_model_not_from_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    assert budget_of(room=80e9, each=2e6) == 16384
    assert budget_of(room=80e9, each=10e6) == 4096
    assert budget_of(room=-1e9, each=2e6) == 256
    assert budget_of(room=80e9, each=1.0) == 32768

    def refuse(*_: Any) -> Any:
        raise AssertionError("what is free was asked for")

    settings = SimpleNamespace(total_memory=8 << 30)
    allocated = iter([100, 100])
    monkeypatch.setattr(torch.cuda, "mem_get_info", refuse)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: settings)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: next(allocated))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 100 + (1 << 20) * 512)
    _, model = tiny("llama")
    loaded = Loaded(
        model=model, tokenizer=None, device=torch.device("cuda"), dtype=torch.float32, seq2seq=False, max_length=512,
        prefix_id=0, end_ids=(), pad_id=0,
    )  # fmt: skip
    monkeypatch.setattr(calibrate, "_forward", lambda loaded, ids: None)
    monkeypatch.setattr(torch, "zeros", lambda *_, **__: torch.empty(1, 512))
    assert calibrate.token_budget(loaded) == 4096
