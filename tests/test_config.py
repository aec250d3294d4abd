from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from miniature_memory import config
from miniature_memory.errors import ConfigError


def test_later_layers_win_and_leave_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("demo:\n  stories: 11\n  seed: 5\n", encoding="utf-8")
    resolved = config.load("demo", file, ["demo.seed=7"], {"MM_DEMO__SEED": "6", "HOME": "/"})
    assert (resolved.demo.enabled, resolved.demo.stories, resolved.demo.seed) == (True, 11, 7)


def test_all_mistakes_are_told_together_with_suggestions() -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(
            "demo",
            None,
            ["demo.storys=3", "fetch.delay=slow", "fetch.concurrency=0", "nonsense"],
            {"MM_GENERATE__LENGHT": "3"},
        )
    told = caught.value.message
    assert "demo.storys (did you mean demo.stories?)" in told
    assert "generate.lenght (did you mean generate.length?)" in told
    assert "fetch.delay" in told and "fetch.concurrency" in told and "nonsense" in told
    assert caught.value.exit_code == 2


def test_broken_yaml_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("demo:\n  stories: [1, 2\nfetch: }", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.yaml, line 3"):
        config.load(None, file, (), {})


def test_a_missing_file_and_a_missing_preset_are_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        config.load(None, tmp_path / "none.yaml", (), {})
    with pytest.raises(ConfigError, match="there are: books, demo, web"):
        config.load("demos", None, (), {})


def test_what_is_shown_gives_the_same_settings_again(tmp_path: Path) -> None:
    first = config.load("demo", None, ["train.minutes=2"], {})
    file = tmp_path / "shown.yaml"
    file.write_text(config.as_yaml(first), encoding="utf-8")
    assert config.load(None, file, (), {}) == first


@pytest.mark.parametrize("name", config.presets())
def test_every_preset_is_valid(name: str) -> None:
    config.load(name, None, (), {})


def test_every_setting_says_what_it_does() -> None:
    for key, default, meaning in config.describe():
        assert meaning, f"{key} (default {default}) has no description"


def test_the_screen_has_no_setting() -> None:
    keys = " ".join(key for key, _, _ in config.describe()) + yaml.safe_dump(config.Config().model_dump())
    assert "screen" not in keys and "adult" not in keys
