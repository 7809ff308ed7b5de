"""Model folders and chat templates: what transformers would read, and as many tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fmaudit.errors import TokenizerError
from fmaudit.records import Message
from fmaudit.tokenizers.base import ChatTemplate
from fmaudit.tokenizers.chat import JinjaChatTemplate
from fmaudit.tokenizers.hub import DemoTokenizer
from fmaudit.tokenizers.loading import load_tokenizer

ROOT = Path(__file__).resolve().parents[2]
TALK = [Message("system", "Be brief."), Message("user", " Where is  the shop? <|endoftext|>\n"), Message("assistant", "Here.")]
SENTENCES = ["The shop opens at eight.", "  two  spaces\n\nlines", "Straße, магазин, 日本語 \U0001f600", "", "12345 + 6 = 12351"]


def chat(folder: Path) -> ChatTemplate:
    found = load_tokenizer(f"hf:{folder}").chat_template
    assert found is not None
    return found


def test_template_renders_and_counts_as_transformers_does(chat_folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(str(chat_folder))
    ours = chat(chat_folder)
    turns = [{"role": message.role, "content": message.content} for message in TALK]
    for prompt in (True, False):
        text = theirs.apply_chat_template(turns, tokenize=False, add_generation_prompt=prompt)
        assert ours.render(TALK, add_generation_prompt=prompt) == text
        ids = theirs(text, add_special_tokens=False)["input_ids"]
        assert ours.tokens(TALK, add_generation_prompt=prompt) == len(ids)


def test_encoding_a_folder_equals_transformers_without_special_tokens(chat_folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(str(chat_folder))
    ours = load_tokenizer("hf:model", chat_folder.parent)
    for text in SENTENCES:
        assert ours.encode(text) == theirs(text, add_special_tokens=False)["input_ids"]


def test_built_in_models_encode_and_chat_as_transformers_does() -> None:
    transformers = pytest.importorskip("transformers")
    folders = [path.parent for path in sorted((ROOT / "sample_data" / "models").glob("*/tokenizer.json"))]
    assert len(folders) == 3
    for folder in folders:
        theirs = transformers.AutoTokenizer.from_pretrained(str(folder))
        ours = load_tokenizer(f"demo:{folder.name}")
        assert ours.vocabulary_size == len(theirs)
        for text in SENTENCES:
            assert ours.encode(text) == theirs(text, add_special_tokens=False)["input_ids"]
        assert (ours.chat_template is not None) == bool(theirs.chat_template)
        if ours.chat_template is not None:
            talk = [Message("user", "Where is the shop?")]
            ids = theirs.apply_chat_template([{"role": "user", "content": talk[0].content}], add_generation_prompt=True, return_dict=False)
            assert ours.chat_template.tokens(talk) == len(ids)


def test_template_of_its_own_file_goes_first_and_changes_the_fingerprint(chat_folder: Path) -> None:
    before = load_tokenizer(f"hf:{chat_folder}").fingerprint()
    (chat_folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% if not loop.last %}{% break %}{% endif %}{% endfor %}"
    )
    assert chat(chat_folder).render(TALK) == "Be brief."
    assert load_tokenizer(f"hf:{chat_folder}").fingerprint() != before


def test_of_several_templates_the_default_is_taken(chat_folder: Path) -> None:
    path = chat_folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["chat_template"] = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "{{ messages | tojson }}"}]
    path.write_text(json.dumps(config))
    assert json.loads(chat(chat_folder).render(TALK[:1])) == [{"role": "system", "content": "Be brief."}]


def test_folder_without_a_template_has_none(chat_folder: Path) -> None:
    (chat_folder / "tokenizer_config.json").unlink()
    assert load_tokenizer(f"hf:{chat_folder}").chat_template is None


def test_hostile_and_refusing_templates_end_in_an_error() -> None:
    for source in (
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ raise_exception('only user turns') }}",
        "{% for %}",
        "{{ messages[99].content }}",
        "{{ 1 / 0 }}",
    ):
        with pytest.raises(TokenizerError, match="chat template cannot render"):
            JinjaChatTemplate(source, {}, len).render(TALK)


def test_sentencepiece_folder_counts_control_symbols_as_one_token(tmp_path: Path, fallback_pieces: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(fallback_pieces.read_bytes())
    config = {"bos_token": "<s>", "eos_token": "</s>", "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer("hf:.", tmp_path)
    assert tokenizer.chat_template is not None
    message = Message("user", "the shop opens")
    assert tokenizer.chat_template.render([message]) == "<s>the shop opens</s>"
    assert tokenizer.chat_template.tokens([message]) == len(tokenizer.encode(message.content)) + 2


def test_folder_without_a_tokenizer_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="neither tokenizer") as error:
        load_tokenizer("hf:.", tmp_path)
    assert "save_pretrained" in error.value.hint


def test_built_in_models_are_found_by_name(chat_folder: Path) -> None:
    tokenizer = DemoTokenizer.from_uri("demo:model", models=chat_folder.parent)
    assert tokenizer.uri == "demo:model"
    assert tokenizer.encode("the shop") == load_tokenizer(f"hf:{chat_folder}").encode("the shop")


def test_missing_repository_without_network_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def offline(*args: object, **kwargs: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(TokenizerError, match="no network"):
        load_tokenizer("hf:owner/name@main", tmp_path)
