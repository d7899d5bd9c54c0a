"""Typed configuration: conf/base.yml, then the environment's file, then `--set key=value`."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from aisles import files
from aisles.typed import from_dict


@dataclass(frozen=True)
class TablesConfig:
    """Where the Delta tables lie: a folder, or a catalogue and schema."""

    location: str = "tables"  # folder or URI that holds one Delta folder a table
    catalog: str = ""  # with a name here tables are catalog.schema.table, not folders
    schema: str = "aisles"
    work: str = ""  # folder that driver and workers mount, for checkpoints; default: in location


@dataclass(frozen=True)
class SparkConfig:
    """The session that a job starts when none is running."""

    master: str = ""  # empty: what spark-submit or the platform gives
    driver_memory: str = ""  # such as 3g; only a local master can still change it
    conf: dict[str, str] = field(default_factory=dict)  # further spark.* settings


@dataclass(frozen=True)
class TrackingConfig:
    """MLflow: where runs and models are kept."""

    uri: str = ""  # empty: sqlite beside the tables; "databricks" on that platform
    experiment: str = "aisles"
    model_name: str = "aisles"
    alias: str = "champion"  # the alias that score and select load


@dataclass(frozen=True)
class IngestConfig:
    """How feed files are read."""

    ignore: tuple[str, ...] = ()  # glob patterns of files in the feeds folder to leave out
    batch_rows: int = 8192  # records an Arrow batch
    split_bytes: int = 64 << 20  # larger uncompressed files are read by several tasks
    sudden_loss: float = 0.5  # share of the last whole delivery's records or bytes whose loss is
    # taken for a truncated delivery: nothing is delisted then


@dataclass(frozen=True)
class ImagesConfig:
    """How pictures are fetched; what is counted for a task holds for one Spark task."""

    web: bool = True  # fetch the URLs that no prefix of the picture map covers
    agent: str = "aisles-pictures/1"  # User-Agent; hosts like to find an address of yours in it
    slice_urls: int = 50_000  # URLs a transaction: what a killed job loses at most
    concurrency: int = 64  # requests at a time in one task
    host_concurrency: int = 4  # requests at a time to one host; a host lies in one task
    host_delay_s: float = 0.05  # least time between the starts of two requests to one host
    connect_timeout_s: float = 10.0  # name look-up, connection and TLS together
    read_timeout_s: float = 10.0  # silence in the middle of an answer
    total_timeout_s: float = 30.0  # one request, from its start to its last byte
    retries: int = 2  # further requests in one run after 408, 429, 5xx or a lost connection
    backoff_s: float = 1.0  # wait before the first of them; doubles with each
    retry_after_s: float = 60.0  # a Retry-After up to this is waited for; beyond: not in this run
    redirects: int = 5  # redirects followed for one picture
    host_failures: int = 3  # failed connections in a row that close a host for the run
    host_errors: int = 20  # other failures in a row (time-outs, errors, refusals) that do so
    max_bytes: int = 20 * 1024 * 1024  # largest picture as served, also once decompressed
    max_pixels: int = 50_000_000  # largest width x height, px
    ports: tuple[int, ...] = (80, 443)  # ports that a feed's URLs may name
    allow_networks: tuple[str, ...] = ()  # networks open to feeds although not public
    retry_days: int = 7  # days after which a picture that failed is tried again
    max_attempts: int = 4  # days on which it is tried at most, unless --retry asks for more


@dataclass(frozen=True)
class LabelsConfig:
    """How far votes and answers are trusted."""

    rule_precision: float = 0.8  # prior mean of a rule's precision, until answers exist
    rule_strength: float = 4.0  # prior's weight in answers, until answers tell how alike rules are
    vote_weight: float = 1.0  # weight of a label that rests on votes alone
    answer_weight: float = 10.0  # weight of a label that rests on a human answer
    unknown_weight: float = 0.1  # weight of a pair with neither vote nor answer


@dataclass(frozen=True)
class EncoderConfig:
    """Shapes of the model's inputs; stored with the snapshot and with the model."""

    version: int = 1  # raised when the meaning of the inputs changes
    tokens: int = 48  # ordered words for convolution and recurrence
    bag: int = 96  # unordered words, word pairs and word pieces
    vocabulary: int = 65536  # hash buckets of words; 0 is padding
    categorical: int = 8  # categorical fields
    buckets: int = 16384  # hash buckets of categorical values; 0 is missing
    numerical: int = 8  # numerical fields, about unit scale, 0 when missing
    image_px: int = 32  # side of the square picture that the network sees


@dataclass(frozen=True)
class SnapshotConfig:
    """How examples are split and written."""

    seed: int = 1
    validation: float = 0.1  # share of split keys
    test: float = 0.1
    folds: int = 5  # cross-validation folds among the training split keys
    rows_per_file: int = 4096  # rows a file (= row group) of examples, at most


@dataclass(frozen=True)
class NetworkConfig:
    """Widths of the towers and of the fused trunk."""

    text_dim: int = 96  # width of a word's embedding
    conv_channels: int = 64  # channels of each text convolution
    image_channels: int = 12  # channels of the first image convolution
    categorical_dim: int = 24  # width of a categorical value's embedding
    hidden: int = 256  # width of each tower's output and of the trunk
    embedding: int = 128  # width of the trunk features stored in `embeddings`
    dropout: float = 0.2
    word_dropout: float = 0.3  # chance that a word is hidden from one example
    modality_dropout: float = 0.25  # chance that a whole input is hidden from one example
    flip: float = 0.5  # chance that an example's picture is mirrored in training


@dataclass(frozen=True)
class TrainConfig:
    """The optimisation and the reading of examples."""

    ranks: int = 2  # Horovod processes; must divide `lanes`
    lanes: int = 6  # fixed streams of rows; a global batch takes batch_size / lanes of each
    batch_size: int = 384  # global batch, the same for any number of ranks
    epochs: int = 10  # at most
    max_steps: int = 1500  # fewer epochs where they would take more steps; at least two
    learning_rate: float = 1.0e-2
    weight_decay: float = 1.0e-4
    clip_norm: float = 5.0  # largest norm of the whole gradient; 0 switches it off
    warmup: float = 0.1  # share of the steps in which the rate rises; then a cosine falls
    patience: int = 3  # epochs without a better validation loss before stopping; 0: never stop
    seed: int = 1
    # Members that learn each for themselves make the better ensemble, above all in shops that
    # training has not seen; with a loss of its own the mixture of their logits is learned as well.
    mixture_loss: float = 0.0  # weight of the prediction's own loss
    fused_loss: float = 1.0  # weight of the fused member's loss
    member_loss: float = 0.5  # weight of the loss of each member that sees one input only
    importance_clip: float = 10.0  # largest importance (1 / propensity) that a target keeps
    shuffle_rows: int = 24576  # rows mixed at a time (all ranks together) when not in memory
    memory_mb: int = 1500  # examples up to this size (all ranks together) are kept in memory
    checkpoint_steps: int = 0  # steps between checkpoints beside the one at each epoch's end
    threads: int = 0  # torch threads a rank; 0: the machine's cores shared by its ranks
    device: str = "auto"  # cpu, cuda, or auto: a GPU for each rank where there is one
    timeout_s: int = 120  # a rank that is silent this long is taken as dead


@dataclass(frozen=True)
class EvaluateConfig:
    """Thresholds and figures."""

    precision: float = 0.92  # the precision at which coverage is reported
    # F1 hardly moves between 0.8 and 0.9 in shops with answers; in others it falls below.
    threshold_precision: float = 0.85  # precision wanted of each category's own threshold
    min_truth: int = 10  # categories with fewer truth products are left out of macro figures
    bins: int = 2000  # resolution of the score histograms that figures are read from


@dataclass(frozen=True)
class ScoreConfig:
    """What the batch scores keep."""

    floor: float = 0.05  # pairs below this probability are not stored
    batch_rows: int = 2048  # rows a forward pass


@dataclass(frozen=True)
class SelectConfig:
    """How many questions a round asks, and from where."""

    budget: int = 500  # expected number of questions a round
    uniform: float = 0.1  # share of the budget drawn uniformly over all pairs
    relabel: float = 0.2  # share of the budget for pairs where rules and model disagree
    disagreement: float = 1.0  # weight of the members' disagreement beside the entropy
    seed: int = 1


@dataclass(frozen=True)
class AuditConfig:
    """How probably wrong labels are looked for, and how many questions they become."""

    folds: int = 5  # trainings, each without one part of the training products; at least 2
    epochs: int = 10  # of each, at most; fewer where train.max_steps says so
    budget: int = 200  # expected number of questions of the round
    uniform: float = 0.1  # share of the budget drawn uniformly over all pairs
    seed: int = 1


@dataclass(frozen=True)
class RuleReportConfig:
    """When the rule report advises against a rule, and what it shows of one."""

    harmful_precision: float = 0.5  # a rule that is surely right less often than this is harmful
    covered: float = 0.95  # share of a rule's confirmed products that the model alone must assign
    answers: int = 5  # confirmed products below which the model's cover is not judged
    texts: int = 8  # matched texts shown of a rule, at most
    examples: int = 5  # products shown of a rule, at most


@dataclass(frozen=True)
class Config:
    """All settings of one environment."""

    tables: TablesConfig = TablesConfig()
    spark: SparkConfig = SparkConfig()
    tracking: TrackingConfig = TrackingConfig()
    ingest: IngestConfig = IngestConfig()
    images: ImagesConfig = ImagesConfig()
    labels: LabelsConfig = LabelsConfig()
    encoder: EncoderConfig = EncoderConfig()
    snapshot: SnapshotConfig = SnapshotConfig()
    network: NetworkConfig = NetworkConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    score: ScoreConfig = ScoreConfig()
    select: SelectConfig = SelectConfig()
    rule_report: RuleReportConfig = RuleReportConfig()
    audit: AuditConfig = AuditConfig()


def load(env: str = "local", overrides: Mapping[str, Any] | None = None) -> Config:
    """The configuration of one environment.

    overrides: dotted key -> value, such as {"train.epochs": 2}; a string is read as YAML unless
    the setting is text itself.
    Raises ValueError with the key's full name for an unknown key, a wrong type, or an
    environment that has no file.
    """
    known = files.names("conf", ".yml")
    if f"{env}.yml" not in known:
        names = ", ".join(sorted(name[:-4] for name in known if name != "base.yml"))
        raise ValueError(f"--env {env}: there is no conf/{env}.yml; known: {names}")
    merged = _merge(_yaml("base"), _yaml(env) if env != "base" else {})
    for key, value in (overrides or {}).items():
        merged = _merge(merged, _nested(Config, key, value, key))
    return from_dict(Config, merged)


def _yaml(name: str) -> dict[str, Any]:
    values = yaml.safe_load(files.text(f"conf/{name}.yml")) or {}
    if not isinstance(values, dict):
        raise ValueError(f"conf/{name}.yml: expected a mapping, came {type(values).__name__}")
    return values


def _nested(kind: type[Any], key: str, value: Any, at: str) -> dict[str, Any]:
    """One override as nested values; below a mapping of settings the rest of the key is its key."""
    head, _, rest = key.partition(".")
    hint = typing.get_type_hints(kind).get(head)
    if dataclasses.is_dataclass(hint) and rest:
        return {head: _nested(typing.cast(type[Any], hint), rest, value, at)}
    if isinstance(value, str) and hint is not str:
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"config: {at}: {value!r} cannot be read: {error}") from error
    return {head: {rest: value} if rest else value}


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(low)
    for key, value in high.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
