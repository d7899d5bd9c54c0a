"""Configuration: types, unknown keys, overrides, and every file of conf/."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from aisles import config

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ["dev", "local", "prod", "staging"]


@pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
def test_every_file_loads(env: str) -> None:
    assert isinstance(config.load(env), config.Config)


def test_environments_have_files() -> None:
    assert sorted(path.stem for path in (ROOT / "conf").glob("*.yml")) == ["base", *ENVIRONMENTS]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_batch_and_its_lanes_can_be_dealt_to_the_ranks(env: str) -> None:
    train = config.load(env).train
    assert train.lanes % train.ranks == 0
    assert train.batch_size % train.lanes == 0


def test_an_environment_changes_only_what_it_names() -> None:
    base, prod = config.load("base"), config.load("prod")
    changed = yaml.safe_load((ROOT / "conf" / "prod.yml").read_text(encoding="utf-8"))
    for section in dataclasses.fields(config.Config):
        before = dataclasses.asdict(getattr(base, section.name))
        after = dataclasses.asdict(getattr(prod, section.name))
        different = {key for key in after if after[key] != before[key]}
        assert different <= set(changed.get(section.name, {}))


def test_an_unknown_environment_names_the_known() -> None:
    with pytest.raises(ValueError, match=r"--env moon: there is no conf/moon\.yml; known: dev, "):
        config.load("moon")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trian": {}}, "unknown key trian; known: tables, spark, "),
        ({"train": {"epoch": 3}}, "unknown key train.epoch; known: ranks, lanes, batch_size, "),
        ({"train": {"epochs": "3"}}, "train.epochs takes int, came '3' (str)"),
        ({"train": {"epochs": 3.0}}, "train.epochs takes int, came 3.0 (float)"),
        ({"train": {"epochs": True}}, "train.epochs takes int, came True (bool)"),
        ({"train": {"epochs": None}}, "train.epochs takes int, came None (NoneType)"),
        ({"train": {"weight_decay": True}}, "train.weight_decay takes float, came True (bool)"),
        ({"train": 3}, "train is a section, came 3"),
        ({"tables": {"location": 3}}, "tables.location takes str, came 3 (int)"),
        ({"ingest": {"ignore": "*.md"}}, "ingest.ignore takes tuple, came '*.md' (str)"),
        ({"ingest": {"ignore": ["*.md", 3]}}, "ingest.ignore[1] takes str, came 3 (int)"),
        ({"spark": {"conf": ["a"]}}, "spark.conf takes dict, came ['a'] (list)"),
    ],
)
def test_a_wrong_value_is_refused_with_its_full_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        config.from_dict(config.Config, values)
    assert str(caught.value).startswith("config: " + message)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("1e-3", "1.0e-3"),
        ("1.0e3", "1.0e+3"),
        ("-2E5", "-2.0e+5"),
    ],
)
def test_a_float_that_yaml_reads_as_text_is_refused(written: str, advice: str) -> None:
    assert yaml.safe_load(written) == written
    expected = f"config: train.learning_rate takes float, came '{written}' (str); write {advice}"
    with pytest.raises(ValueError) as caught:
        config.from_dict(config.Config, yaml.safe_load(f"train: {{learning_rate: {written}}}"))
    assert str(caught.value) == expected
    with pytest.raises(ValueError) as caught:
        config.load("local", {"train.learning_rate": written})
    assert str(caught.value) == expected
    assert config.load("local", {"train.learning_rate": advice}).train.learning_rate == float(
        written
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("train.epochs", "3", 3),
        ("train.epochs", 3, 3),
        ("train.learning_rate", "1.0e-3", 0.001),
        ("train.learning_rate", "1", 1.0),
        ("tables.location", "/data/tables", "/data/tables"),
        ("tables.catalog", "", ""),
        ("tables.schema", "2024", "2024"),
        ("ingest.ignore", "['*.md', '*.tmp']", ("*.md", "*.tmp")),
        ("spark.conf", "{spark.ui.enabled: true, spark.x: 3}", {"spark.ui.enabled": "true"}),
    ],
)
def test_an_override(key: str, value: Any, expected: Any) -> None:
    loaded = config.load("local", {key: value})
    section, name = key.split(".")
    found = getattr(getattr(loaded, section), name)
    if isinstance(expected, dict):
        assert found.items() >= expected.items()
    else:
        assert found == expected
        assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"train.epoch": "3"}, "unknown key train.epoch; known: "),
        ({"train.epochs.of": "3"}, "train.epochs takes int, came {'of': 3} (dict)"),
        ({"train": "3"}, "train is a section, came 3"),
        ({"train.epochs": "three"}, "train.epochs takes int, came 'three' (str)"),
    ],
)
def test_a_wrong_override_is_refused(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        config.load("local", overrides)
    assert str(caught.value).startswith("config: " + message)


@pytest.mark.parametrize("text", ["[1", "a: b: c", "{", "'"])
def test_an_override_that_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"train\.epochs: .* cannot be read"):
        config.load("local", {"train.epochs": text})


def test_one_spark_setting_is_overridden() -> None:
    before = config.load("local").spark.conf
    loaded = config.load("local", {"spark.conf.spark.ui.enabled": "true"})
    assert loaded.spark.conf == {**before, "spark.ui.enabled": "true"}


def test_spark_settings_are_text_and_keep_their_dots() -> None:
    conf = config.load("local").spark.conf
    assert conf["spark.ui.enabled"] == "false"
    assert conf["spark.sql.shuffle.partitions"] == "2"
    assert all(isinstance(value, str) for value in conf.values())


def test_every_value_can_be_stored_and_read_back() -> None:
    loaded = config.load("prod")
    stored = yaml.safe_load(yaml.safe_dump(_plain(dataclasses.asdict(loaded))))
    assert config.from_dict(config.Config, stored) == loaded


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
