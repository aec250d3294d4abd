"""Settings: defaults < preset < YAML file < ``MM_*`` environment < ``--set key=value``.

Each stage has a section; each field says what it does, and its default stands beside it.
All mistakes are reported together, and an unknown key suggests the right one.
Keys of search services are secrets and come from the environment alone (``scraper.search``).
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from miniature_memory import vocabulary
from miniature_memory.errors import ConfigError

ENVIRONMENT_PREFIX = "MM_"
MAX_PARAMETERS = 25_000_000
MATCH_BUCKETS = 40  # gates of the match features, all three together


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class DemoConfig(Section):
    """The story web that is always there."""

    enabled: bool = Field(False, description="serve the demo web and search it instead of the real one")
    stories: int = Field(640, ge=1, le=100_000, description="how many stories the demo web holds")
    seed: int = Field(1, ge=0, description="another seed is another web")


class SearchConfig(Section):
    """discover: where candidates come from."""

    provider: Literal["searxng", "brave", "google", "serper", "common_crawl", "sitemap", "feed", "list"] = (
        Field("brave", description="which search service or list is asked")
    )
    queries: list[str] = Field(
        [], description="targeted queries (for sitemap, feed and list: addresses or files)"
    )
    base_url: str | None = Field(None, description="address of the service (needed for searxng)")
    results_per_query: int = Field(50, ge=1, le=1000, description="stop a query after so many results")
    budget: int = Field(200, ge=0, description="requests to the service in 30 days, at most")
    language: str = Field("en", description="language asked for")
    timeout: float = Field(20, gt=0, description="seconds for one request")


class FetchConfig(Section):
    """fetch: from an address to a story."""

    browser: Literal["auto", "always", "never"] = Field(
        "auto", description="auto: only where plain HTTP is not enough"
    )
    concurrency: int = Field(4, ge=1, le=32, description="pages under way at once")
    delay: float = Field(2.0, ge=0, description="seconds between two requests to one host, at least")
    timeout: float = Field(30, gt=0, description="seconds for one page, all in all")
    attempts: int = Field(3, ge=1, le=10, description="tries for what may be a passing fault")
    max_pages: int = Field(100_000, ge=0, description="pages in one run, at most")
    max_page_mb: float = Field(5, gt=0, description="a larger page is refused (after decompression)")
    evidence_mb: float = Field(200, ge=0, description="pages kept as evidence (WARC), in all; 0 keeps none")
    user_agent: str = Field(
        "miniature-memory/0.1 (research crawler; obeys robots.txt)", description="who we say we are"
    )


class ExtractConfig(Section):
    """extract: what of a page is the story."""

    min_characters: int = Field(200, ge=0, description="a page with less text than this holds no story")
    timeout: float = Field(20, gt=0, description="seconds for one page")
    memory_mb: int = Field(600, ge=64, description="memory of the extracting process, at most")


class ValidateConfig(Section):
    """validate: duplicates, language, quality, narrative."""

    languages: list[str] = Field(["en"], min_length=1, description="languages that are kept")
    min_characters: int = Field(1000, ge=0, description="shorter texts are rejected")
    max_characters: int = Field(2_000_000, ge=1000, description="longer texts are rejected")
    near_duplicate: float = Field(
        0.5, gt=0, le=1, description="Jaccard similarity of word bigrams that makes a twin"
    )


class CleanConfig(Section):
    """clean: normalise and segment."""


class PrepareConfig(Section):
    """prepare: training and validation data."""

    validation_share: float = Field(
        0.08, ge=0, lt=1, description="share of the works that training never sees"
    )
    renamed_versions: int = Field(2, ge=0, le=8, description="copies with other names (teaches copying)")
    shard_mb: int = Field(16, ge=1, description="size of one token shard")
    evaluation_texts: list[str] = Field(
        [], description="files whose passages training text must not hold (the other side's never are)"
    )


class TrainConfig(Section):
    """train: the model and its schedule. ``preset`` gives every value that isn't set beside it."""

    preset: str = Field("small", description="model and recipe: tiny, demo, nano, small, max, colab, auto")
    layers: int = Field(6, ge=1, le=64, description="layers")
    width: int = Field(320, ge=8, description="hidden size")
    heads: int = Field(5, ge=1, description="attention heads")
    kv_heads: int = Field(5, ge=1, description="key/value heads (fewer share)")
    mlp: int = Field(896, ge=8, description="width of the feed-forward part")
    block_size: int = Field(256, ge=256, le=256, description="characters that the model sees at once")
    match_features: bool = Field(True, description="show the model what followed earlier matches (copying)")
    ngram_rows: int = Field(8192, ge=0, description="rows of the table that the last characters point into")
    steps: int = Field(5000, ge=1, description="steps of one whole training, the decay included")
    minutes: float | None = Field(None, gt=0, description="choose the steps so that it takes so long")
    memory_mb: int | None = Field(None, ge=200, description="memory to stay under (empty: what is free)")
    rows: int = Field(16, ge=1, description="rows of 256 characters a step")
    micro_rows: int = Field(0, ge=0, description="rows at once (0: as many as the memory holds, up to 16)")
    optimizer: Literal["muon", "adamw"] = Field("muon", description="for the matrices; Adam for the rest")
    matrix_rate: float = Field(0.02, gt=0, description="learning rate of the matrices")
    embedding_rate: float = Field(0.01, gt=0, description="learning rate of embeddings and match gates")
    head_rate: float = Field(0.004, gt=0, description="learning rate of the output head")
    ngram_rate: float = Field(0.3, gt=0, description="learning rate of the n-gram table")
    weight_decay: float = Field(0.05, ge=0, description="pull of the matrices towards zero")
    dropout: float = Field(
        0.0, ge=0, lt=1, description="share of activations left out, and of n-grams (long ones more)"
    )
    qk_gain: float = Field(1.5, gt=0, description="constant gain of the query and key norms")
    warmup: int = Field(20, ge=0, description="steps until the full rate")
    decay: float = Field(0.4, ge=0, lt=1, description="share of the steps in which the rate falls to zero")
    replay: float = Field(0.25, ge=0, le=1, description="share of old text once the dataset has grown")
    read: float = Field(0.52, ge=0, le=1, description="share of rows that begin with a summary")
    plain: float = Field(0.33, ge=0, le=1, description="share of rows of text alone")
    stray: float = Field(0.15, ge=0, le=1, description="share of rows with an empty or another's summary")
    dropped: float = Field(0.15, ge=0, le=1, description="of rows with a summary: share that lack a name")
    written: float = Field(0.0, ge=0, lt=1, description="share of rows that teach to write the summary")
    hindsight: float = Field(0.5, ge=0, le=1, description="of those: share whose target knows what follows")
    copy_rows: float = Field(0.25, ge=0, lt=1, description="share of rows with made-up names, at first")
    copy_rows_late: float = Field(0.03, ge=0, lt=1, description="the same, later")
    copy_steps: int = Field(1000, ge=0, description="steps until copy rows have become few")
    original: float = Field(0.25, ge=0, le=1, description="share of rows whose names are not replaced")
    evaluations: int = Field(10, ge=1, description="how often the validation text is scored")
    evaluation_rows: int = Field(64, ge=1, description="rows scored each time")
    patience: int = Field(3, ge=1, description="end early after so many scores without a gain")
    checkpoint_seconds: float = Field(120, ge=0, description="seconds between two checkpoints, about")
    checkpoint_steps: int = Field(0, ge=0, description="steps between two checkpoints (0: by time)")
    samples: bool = Field(True, description="write a short sample at each score")
    tensorboard: bool = Field(False, description="also write TensorBoard events (needs tensorboard)")
    seed: int = Field(1, ge=0, description="the same seed gives the same model")
    threads: int = Field(0, ge=0, description="threads (0: one a core)")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where it is computed")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field("auto", description="of the matrix products")
    restart: bool = Field(False, description="begin a new run although one is there")

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, data: Any) -> Any:
        """Lays the preset of ``training/configs`` under what was set."""
        if not isinstance(data, dict):
            return data
        folder = Path(__file__).parent / "training" / "configs"
        names = sorted(f.stem for f in folder.glob("*.yaml"))
        preset = data.get("preset", "small")
        if preset not in names:
            raise ValueError(f"there is no training preset {preset!r}; there are: {', '.join(names)}")
        return (yaml.safe_load((folder / f"{preset}.yaml").read_text(encoding="utf-8")) or {}) | data

    @property
    def parameters(self) -> int:
        """How many numbers the model learns."""
        attention = 2 * self.width * (self.width + self.kv_heads * (self.width // self.heads))
        body = self.layers * (attention + 3 * self.width * self.mlp)
        symbols = vocabulary.SIZE
        match = (symbols + MATCH_BUCKETS) * self.width if self.match_features else 0
        return body + (2 * symbols + self.ngram_rows) * self.width + match

    @model_validator(mode="after")
    def _possible(self) -> TrainConfig:
        wrong = []
        if self.width % self.heads or self.width // self.heads % 2:
            wrong.append(f"width {self.width} can't be divided into {self.heads} heads of an even size")
        if self.heads % self.kv_heads:
            wrong.append(f"{self.heads} heads can't share {self.kv_heads} key/value heads evenly")
        if self.parameters > MAX_PARAMETERS:
            wrong.append(
                f"the model would have {self.parameters:,} parameters, more than {MAX_PARAMETERS:,}: "
                "take fewer layers or less width"
            )
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class GenerateConfig(Section):
    """generate: the sample story at the end of a run, and defaults of `mm write`."""

    length: int = Field(2000, ge=0, le=10_000_000, description="characters")
    seed: int = Field(1, ge=0, description="the same seed gives the same story")
    prompt: str = Field("", description="how the story begins")
    memory: Literal["summary", "written", "none"] = Field("summary", description="the rolling summary")
    temperature: float = Field(0.9, ge=0, description="0 always takes the likeliest character")
    top_k: int = Field(0, ge=0, description="0: all characters")
    top_p: float = Field(0.95, gt=0, le=1, description="nucleus")
    min_p: float = Field(0.05, ge=0, le=1, description="share of the likeliest character's probability")
    repetition_penalty: float = Field(1.0, ge=1, description="1: none")
    name_bonus: float = Field(1.0, ge=0, description="pull towards spelling names of the summary; 0: none")
    tries: int = Field(5, ge=1, description="other seeds when the screen stops a sample")


class EvaluateConfig(Section):
    """evaluate: figures of a model."""

    characters: int = Field(30_000, ge=1000, description="validation text that is scored")
    story_length: int = Field(4000, ge=500, description="characters of the stories that are judged")
    stories: int = Field(2, ge=1, description="stories that are judged")


class ServeConfig(Section):
    """serve: the writing page on loopback."""

    port: int = Field(8017, ge=0, le=65535, description="0 takes a free one")


class Config(Section):
    """All settings of a run."""

    executor: Literal["serial", "processes", "dask"] = Field(
        "processes", description="who does the processing"
    )
    workers: int = Field(2, ge=1, le=1024, description="processes")
    scheduler: str | None = Field(None, description="address of a Dask scheduler")
    demo: DemoConfig = DemoConfig()
    search: SearchConfig = SearchConfig()
    fetch: FetchConfig = FetchConfig()
    extract: ExtractConfig = ExtractConfig()
    validate_: ValidateConfig = Field(ValidateConfig(), alias="validate")
    clean: CleanConfig = CleanConfig()
    prepare: PrepareConfig = PrepareConfig()
    train: TrainConfig = TrainConfig()
    generate: GenerateConfig = GenerateConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    serve: ServeConfig = ServeConfig()


def presets() -> list[str]:
    """Names of the presets that come with the program."""
    folder = resources.files("miniature_memory.presets")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load(
    preset: str | None = None,
    file: Path | None = None,
    sets: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Config:
    """The resolved settings. Raises ``ConfigError`` that lists every mistake."""
    mistakes: list[str] = []
    merged: dict[str, Any] = {}
    for layer in (
        _preset_layer(preset, mistakes),
        _file_layer(file, mistakes),
        _environment_layer(os.environ if environment is None else environment, mistakes),
        _sets_layer(sets, mistakes),
    ):
        _merge(merged, layer)
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        mistakes.extend(_explain(error))
    if mistakes:
        raise ConfigError(
            "Wrong settings:\n" + "\n".join(f"  - {mistake}" for mistake in mistakes),
            "`mm config show` lists every setting with its meaning.",
        )
    return config


def as_yaml(config: Config) -> str:
    """The resolved settings as a YAML file that gives them again."""
    return yaml.safe_dump(config.model_dump(by_alias=True), sort_keys=False, allow_unicode=True)


def describe(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """(dotted key, default, meaning) of every setting."""
    for name, info in section.model_fields.items():
        key = prefix + (info.alias or name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from describe(info.annotation, key + ".")
        else:
            yield key, info.get_default(call_default_factory=True), info.description or ""


def _preset_layer(name: str | None, mistakes: list[str]) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in presets():
        mistakes.append(f"there is no preset {name!r}; there are: {', '.join(presets())}")
        return {}
    text = (resources.files("miniature_memory.presets") / f"{name}.yaml").read_text(encoding="utf-8")
    return _parse(text, f"preset {name}", mistakes)


def _file_layer(file: Path | None, mistakes: list[str]) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"{file} can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}")
        return {}
    return _parse(text, str(file), mistakes)


def _parse(text: str, where: str, mistakes: list[str]) -> dict[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        mistakes.append(f"{where}{place} is broken YAML: {getattr(error, 'problem', None) or error}")
        return {}
    if data is None:
        return {}
    if not isinstance(data, dict):
        mistakes.append(f"{where} must hold `key: value` lines")
        return {}
    return data


def _environment_layer(environment: Mapping[str, str], mistakes: list[str]) -> dict[str, Any]:
    """``MM_TRAIN__MINUTES=5`` sets ``train.minutes``."""
    layer: dict[str, Any] = {}
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
            _put(layer, key, environment[name], name, mistakes)
    return layer


def _sets_layer(sets: Sequence[str], mistakes: list[str]) -> dict[str, Any]:
    layer: dict[str, Any] = {}
    for item in sets:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            mistakes.append(f"--set {item!r} is not of the form key=value")
        else:
            _put(layer, key.strip(), value, f"--set {key.strip()}", mistakes)
    return layer


def _put(layer: dict[str, Any], key: str, value: str, where: str, mistakes: list[str]) -> None:
    try:
        parsed = yaml.safe_load(value) if value != "" else ""
    except yaml.YAMLError:
        mistakes.append(f"{where}: the value {value!r} can't be understood")
        return
    *parents, last = key.split(".")
    for parent in parents:
        child = layer.setdefault(parent, {})
        if not isinstance(child, dict):
            mistakes.append(f"{where}: {parent} is set as a whole and in part")
            return
        layer = child
    layer[last] = parsed


def _merge(base: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _explain(error: ValidationError) -> Iterator[str]:
    known = [key for key, _, _ in describe()]
    known += sorted({key.split(".")[0] for key in known})
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            yield f"unknown key {key}" + (f" (did you mean {close[0]}?)" if close else "")
        elif item["type"] == "value_error":
            yield f"{key}: {item['ctx']['error']}"
        elif item["type"] in ("model_type", "model_attributes_type"):
            yield f"{key} is a section: write `{key}: {{key: value}}` or set {key}.KEY"
        else:
            yield f"{key} = {item.get('input')!r}: {item['msg'][0].lower()}{item['msg'][1:]}"
