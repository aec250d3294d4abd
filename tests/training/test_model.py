from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from miniature_memory.config import TrainConfig, load
from miniature_memory.errors import ConfigError
from miniature_memory.memory.ngram import BEFORE, LONGEST, ngram_rows
from miniature_memory.training.functions import norm, norm_rope, swiglu
from miniature_memory.training.model import Model, Shape
from tests.training.conftest import tiny

PRESETS = ("tiny", "demo", "nano", "small", "max", "colab", "auto")


def stirred(shape: Shape) -> Model:
    """A model whose every weight says something (fresh ones write zeros)."""
    model = Model(shape)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return model


def shape(**other: Any) -> Shape:
    return Shape(
        **{"layers": 2, "width": 32, "heads": 4, "kv_heads": 2, "mlp": 48, "match_features": False} | other
    )


def plain_norm(x: Any) -> Any:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


def plain_swiglu(both: Any) -> Any:
    gate, up = both.chunk(2, -1)
    return torch.nn.functional.silu(gate) * up


def plain_norm_rope(x: Any, cosine: Any, sine: Any) -> Any:
    a, b = (plain_norm(x) * 1.3).chunk(2, -1)
    return torch.cat((a * cosine - b * sine, b * cosine + a * sine), -1)


def test_hand_written_gradients_are_those_of_the_plain_formulas() -> None:
    angle = torch.rand(3, 1, 4)  # T, 1, d/2
    cosine, sine = angle.cos(), angle.sin()
    x = torch.randn(2, 3, 5, 8, requires_grad=True)  # B, T, H, d
    pairs = [
        (lambda: norm(x), lambda: plain_norm(x)),
        (lambda: norm_rope(x, cosine, sine, 1.3), lambda: plain_norm_rope(x, cosine, sine)),
        (lambda: swiglu(x), lambda: plain_swiglu(x)),
    ]
    for ours, plain in pairs:
        results = []
        for function in (ours, plain):
            x.grad = None
            out = function()
            (out * torch.arange(out.numel()).view(out.shape).cos()).sum().backward()
            results.append((out, x.grad))
        for mine, theirs in zip(*results, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("match", [True, False])
def test_no_position_sees_what_comes_after_it(match: bool) -> None:
    model = stirred(shape(match_features=match, ngram_rows=500 if match else 0))
    ids = torch.randint(4, 170, (1, 40))
    pairs = torch.randint(0, 170, (1, 40, 3), dtype=torch.int32) if match else None
    before = model(ids, pairs)
    ids[:, 30:] = 7
    if pairs is not None:
        pairs[:, 30:] = 9
    after = model(ids, pairs)
    torch.testing.assert_close(before[:, :30], after[:, :30])
    assert not torch.allclose(before[:, 30:], after[:, 30:])


def test_match_features_are_a_gated_sum_at_the_input() -> None:
    model = stirred(shape(match_features=True))
    assert model.match is not None
    symbols = model.shape.vocabulary
    pairs = torch.zeros(1, 1, 3, dtype=torch.int32)
    pairs[0, 0, 0] = 5 * symbols + 40 + 1
    pairs[0, 0, 2] = 15 * symbols + 169 + 1
    table = model.match.embed.weight
    want = model.match.gate_1.weight[5] * table[40] + model.match.gate_3.weight[15] * table[169]
    torch.testing.assert_close(model.match(pairs)[0, 0], want)


def test_ngrams_are_the_same_rows_in_numpy_and_spread_over_the_table() -> None:
    ids = torch.randint(4, 170, (2, 4000))
    padded = torch.nn.functional.pad(ids, (LONGEST - 1, 0), value=BEFORE)
    for ours, theirs in zip(ngram_rows(padded, 997), ngram_rows(padded.numpy(), 997), strict=True):
        assert np.array_equal(ours.numpy(), theirs)
        assert np.bincount(theirs.ravel(), minlength=997).max() < 40  # 8 on average


def test_the_n_last_characters_choose_a_row_and_nothing_else_does() -> None:
    model = stirred(shape(ngram_rows=5000))
    assert model.ngram is not None
    ids = torch.randint(4, 170, (1, 40))
    other = ids.clone()
    other[:, :20] = 9
    one, two = model.ngram(ids), model.ngram(other)
    torch.testing.assert_close(one[:, 20 + LONGEST - 1 :], two[:, 20 + LONGEST - 1 :])
    assert not torch.allclose(one[:, 24], two[:, 24])


def test_dropout_leaves_out_longer_ngrams_more() -> None:
    model = Model(shape(ngram_rows=500, dropout=0.1))
    assert model.ngram is not None
    torch.nn.init.ones_(model.ngram.embed.weight)
    ids = torch.randint(4, 170, (16, 256))
    torch.manual_seed(1)
    kept = model.ngram(ids).mean().item()
    assert kept == pytest.approx(0.9 + 0.8 + 0.7 + 0.6 + 0.5, abs=0.1)
    assert model.eval().ngram(ids).mean().item() == 5


def test_dropout_acts_in_training_only() -> None:
    model = stirred(shape(ngram_rows=500, dropout=0.5))
    ids = torch.randint(4, 170, (1, 40))
    assert not torch.equal(model(ids), model(ids))
    model.eval()
    assert torch.equal(model(ids), model(ids))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_within_the_limits_and_counts_its_parameters_rightly(preset: str) -> None:
    config = TrainConfig(preset=preset)
    assert config.block_size <= 256
    assert config.parameters <= 25_000_000
    with torch.device("meta"):
        counted = sum(w.numel() for w in _unfilled(Shape.of(config)).parameters())
    assert config.parameters == counted


def _unfilled(shape: Shape) -> Model:
    model = Model.__new__(Model)
    original, Model._initialize = Model._initialize, lambda self, generator: None  # type: ignore[method-assign]
    try:
        model.__init__(shape)  # type: ignore[misc]
    finally:
        Model._initialize = original  # type: ignore[method-assign]
    return model


def test_small_is_what_the_settings_say_by_default() -> None:
    assert TrainConfig() == TrainConfig(preset="small")
    fields = TrainConfig.model_fields
    different = {n for n, v in TrainConfig(preset="small").model_dump().items() if v != fields[n].default}
    assert different == set()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("train.width=1280", "more than 25,000,000"),
        ("train.block_size=512", "256"),
        ("train.heads=7", "heads"),
        ("train.preset=huge", "there are: auto"),
    ],
)
def test_a_model_that_is_too_large_is_a_configuration_error(setting: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(sets=[setting], environment={})


def test_a_released_model_has_every_tensor_of_a_qwen3() -> None:
    released = Model(shape()).released()
    assert released["model.layers.1.self_attn.k_norm.weight"].shape == (8,)
    assert released["model.norm.weight"].eq(1).all()
    assert {t.dtype for t in released.values()} == {torch.float32}


@pytest.mark.slow
def test_without_match_features_it_is_a_stock_qwen3() -> None:
    transformers = pytest.importorskip("transformers")
    model = stirred(shape(qk_gain=1.3))
    settings = model.shape.to_json()
    theirs = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**settings, attn_implementation="eager"))
    missing, unexpected = theirs.load_state_dict(model.released(), strict=False)
    assert (list(missing), list(unexpected)) == ([], [])
    ids = torch.randint(0, 170, (2, 256))
    with torch.no_grad():
        difference = (model(ids) - theirs.eval()(ids).logits).abs().max()
    assert difference <= 1e-4


def test_the_shape_comes_from_the_configuration() -> None:
    assert Shape.of(tiny(qk_gain=1.5).train).qk_gain == 1.5
