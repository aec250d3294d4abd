"""What is exported is read back as the same model, and what a format can't carry is said before writing."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from miniature_memory import vocabulary
from miniature_memory.errors import Damaged, MissingExtra, MissingInput, UsageError
from miniature_memory.export import FORMATS, export_model
from miniature_memory.export.gguf import byte_letters, gguf_name, spelling
from miniature_memory.inference.engine import Engine
from miniature_memory.inference.model_directory import read_weights, write_model_directory
from miniature_memory.inference.sampler import Settings, released_with
from tests.inference.oracle import config, forward, weights

EVEN = {"hidden_size": 64, "head_dim": 16, "num_attention_heads": 4, "num_key_value_heads": 2}
TEXT = "Brandt lit the lamp — “naïve”? No: «naïve», said Œuvre.\nIt cost 5 £ or 6 €…  Two spaces."


def released(path: Path, match: bool) -> Path:
    c = config(match, **EVEN, intermediate_size=96)
    return write_model_directory(path, weights(c), c, {"validation loss": 1.23456}, {"data": "abc123"})


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    return released(tmp_path / "stock", False)


@pytest.fixture
def matching(tmp_path: Path) -> Path:
    return released(tmp_path / "matching", True)


def test_a_plain_export_is_the_same_model(matching: Path, tmp_path: Path) -> None:
    (path,) = export_model(matching, tmp_path / "out")
    assert sorted(p.name for p in path.iterdir()) == sorted(p.name for p in matching.iterdir())
    for name in ("model.safetensors", "model.int8.safetensors", "config.json", "README.md"):
        assert (path / name).read_bytes() == (matching / name).read_bytes()


def test_the_int8_file_alone_is_enough_to_write(matching: Path, tmp_path: Path) -> None:
    (path,) = export_model(matching, tmp_path / "out", ["int8"])
    assert {p.name for p in path.parent.iterdir()} == {
        "config.json",
        "generation_config.json",
        "model.int8.safetensors",
        "README.md",
    }
    assert released_with(path.parent) == released_with(matching)
    ids = [20, 30, 40]
    np.testing.assert_array_equal(Engine.load(path.parent).prefill(ids), Engine.load(matching).prefill(ids))


def test_match_features_go_only_where_they_can(matching: Path, tmp_path: Path) -> None:
    for name in ("hf", "hf-bf16", "gguf-f16", "gguf-q8_0"):
        with pytest.raises(UsageError, match="match features"):
            export_model(matching, tmp_path / "out", ["plain", name])
    with pytest.raises(UsageError, match="no format"):
        export_model(matching, tmp_path / "out", ["onnx"])
    assert not (tmp_path / "out").exists()


def test_bad_input_is_said(stock: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        export_model(tmp_path / "nothing", tmp_path / "out")
    data = bytearray((stock / "model.safetensors").read_bytes())
    data[-5] ^= 8
    (stock / "model.safetensors").write_bytes(data)
    with pytest.raises(Damaged):
        export_model(stock, tmp_path / "out")


def test_bf16_keeps_two_digits(stock: Path, tmp_path: Path) -> None:
    (path,) = export_model(stock, tmp_path / "out", ["hf-bf16"])
    for name, tensor in read_weights(path).items():
        np.testing.assert_allclose(tensor, read_weights(stock)[name], rtol=2**-8)


def test_the_card_warns_and_tells_where_the_model_comes_from(stock: Path) -> None:
    card = (stock / "README.md").read_text()
    for part in (
        "- not-for-all-audiences",
        "Adults only",
        "1-test",
        "| validation loss | 1.2346 |",
        "abc123",
    ):
        assert part in card


def test_the_tokenizer_gives_one_id_a_character_and_the_text_back(stock: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(stock / "tokenizer.json"))
    text = "".join(vocabulary.CHARACTERS) + "  a \n\n b "
    encoded = tokenizer.encode(text)
    assert encoded.ids == vocabulary.encode(text).tolist()
    assert tokenizer.decode(encoded.ids, skip_special_tokens=False) == text
    tokens = "".join(vocabulary.CONTROL_TOKENS)
    assert tokenizer.encode(tokens).ids == [0, 1, 2, 3]
    assert tokenizer.decode([0, 1, 2, 3], skip_special_tokens=False) == tokens
    assert tokenizer.get_vocab_size() == vocabulary.SIZE


@pytest.mark.slow
def test_transformers_loads_it_with_nothing_custom(stock: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    (path,) = export_model(stock, tmp_path / "out", ["hf"])
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    assert type(model).__name__ == "Qwen3ForCausalLM"
    text = TEXT.replace("“", '"').replace("”", '"')
    ids = tokenizer(text)["input_ids"]
    assert ids == vocabulary.encode(text).tolist()
    assert tokenizer.decode(ids) == text
    for i, symbol in enumerate(vocabulary.SYMBOLS):
        assert tokenizer(symbol)["input_ids"] == [i] and tokenizer.decode([i]) == symbol
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0].numpy()
    exact = forward(
        read_weights(stock), json.loads((stock / "config.json").read_text()), np.array(ids, np.uint8)
    )
    np.testing.assert_allclose(logits, exact, atol=2e-3)


def test_gguf_spelling_is_gpt2s_and_reaches_every_character() -> None:
    tokens, merges = spelling()
    assert len(tokens) == len(set(tokens)) == vocabulary.SIZE
    letters = byte_letters()
    assert len(set(letters.values())) == 256 and letters[32] == "Ġ" and letters[10] == "Ċ"
    ranks = {tuple(merge.split(" ")): i for i, merge in enumerate(merges)}
    for i, character in enumerate(vocabulary.CHARACTERS, len(vocabulary.CONTROL_TOKENS)):
        parts = [letters[byte] for byte in character.encode()]
        while len(parts) > 1:  # byte pair encoding, as every gpt2 tokenizer does it
            pairs = [(ranks[pair], at) for at, pair in enumerate(pairwise(parts)) if pair in ranks]
            _, at = min(pairs)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        assert tokens.index(parts[0]) == i


@pytest.mark.parametrize("kind", ["gguf-f16", "gguf-q8_0"])
def test_gguf_holds_the_weights(stock: Path, tmp_path: Path, kind: str) -> None:
    gguf = pytest.importorskip("gguf")
    (path,) = export_model(stock, tmp_path / "out", [kind])
    reader = gguf.GGUFReader(path)
    tensors = {t.name: t for t in reader.tensors}
    for name, weight in read_weights(stock).items():
        tensor = tensors.pop(gguf_name(name))
        back = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(weight.shape)
        assert np.abs(back - weight).max() <= 0.01 * np.abs(weight).max()
    assert not tensors
    assert bytes(reader.fields["general.architecture"].parts[-1]) == b"qwen3"


def test_q8_0_says_when_rows_do_not_fit(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    c = config(False)
    model = write_model_directory(tmp_path / "model", weights(c), c)
    with pytest.raises(UsageError, match="multiple of 32"):
        export_model(model, tmp_path / "out", ["gguf-q8_0"])


def test_a_missing_gguf_package_names_the_command(
    stock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtra) as missing:
        export_model(stock, tmp_path / "out", ["gguf-f16"])
    assert "pip install" in missing.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gguf-f16", "gguf-q8_0"])
def test_llama_cpp_loads_tokenises_and_continues_as_we_do(stock: Path, tmp_path: Path, kind: str) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    (path,) = export_model(stock, tmp_path / "out", [kind])
    llama = llama_cpp.Llama(str(path), n_ctx=256, n_threads=1, logits_all=True, verbose=False)
    text = TEXT.replace("“", '"').replace("”", '"')
    ids = llama.tokenize(text.encode(), add_bos=False, special=False)
    assert ids == vocabulary.encode(text).tolist()
    assert llama.detokenize(ids) == text.encode()
    for i, symbol in enumerate(vocabulary.SYMBOLS):
        assert llama.tokenize(symbol.encode(), add_bos=False, special=True) == [i]
    assert len(llama.tokenize(b"<|summary|>", add_bos=False, special=False)) == 11
    llama.eval(ids)
    theirs = np.array(llama.scores[: len(ids)], dtype=np.float32)
    exact = forward(
        read_weights(stock), json.loads((stock / "config.json").read_text()), np.array(ids, np.uint8)
    )
    assert np.sqrt(((theirs - exact) ** 2).mean()) < 0.05 * exact.std()
    assert (theirs.argmax(-1) == exact.argmax(-1)).mean() > 0.9


@pytest.mark.slow
def test_llama_cpp_goes_on_as_we_do(stock: Path, tmp_path: Path) -> None:
    """Our greedy story, read by llama.cpp: at each place it would have gone on with the same id, or the two
    were all but equal to it (its activations are quantised in blocks, ours in rows)."""
    llama_cpp = pytest.importorskip("llama_cpp")
    (path,) = export_model(stock, tmp_path / "out", ["gguf-q8_0"])
    llama = llama_cpp.Llama(str(path), n_ctx=256, n_threads=1, logits_all=True, verbose=False)
    engine, greedy = Engine.load(stock), Settings(temperature=0, loop_guard=0)
    ids = vocabulary.encode("Brandt lit the lamp").tolist()
    engine.prefill(ids)
    begin = len(ids)
    while len(ids) < 120:
        ids.append(engine.sample(greedy, 0))
        engine.step(ids[-1])
    llama.eval(ids)
    logits = np.array(llama.scores[begin - 1 : len(ids) - 1], dtype=np.float32)
    behind = logits.max(-1) - logits[np.arange(len(logits)), ids[begin:]]
    assert (behind == 0).mean() > 0.9 and behind.max() < 0.2 * logits.std()


def test_every_format_is_described() -> None:
    assert all(FORMATS.values())
