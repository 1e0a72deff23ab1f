"""What is laid beside the program for those who run it names only what the program has."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.config import Settings
from bot.store.engines import is_on_server
from bot.vitals import METRICS

DEPLOY = Path(__file__).parents[1] / "docs/deploy"
LABELS = {known.name: {*known.labels, "instance", "job"} for known in METRICS}


def shown_names() -> dict[str, set[str]]:
    """Every name Prometheus can be asked for, with its labels."""
    names = dict(LABELS)
    for known in METRICS:
        if known.kind == "histogram":
            names |= {f"{known.name}{tail}": LABELS[known.name] | {"le"} for tail in ("_bucket", "_sum", "_count")}
    return names


def queries(part: Any) -> Iterator[str]:
    """Every query inside a document."""
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name in {"expr", "query"} and isinstance(value, str))
        for value in part.values():
            yield from queries(value)
    elif isinstance(part, list):
        for value in part:
            yield from queries(value)


def documents() -> dict[str, Any]:
    return {
        "grafana": json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8")),
        "alerts": yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8")),
    }


def test_every_query_names_only_metrics_there_are_and_their_labels() -> None:
    names = shown_names()
    asked: set[str] = set()
    for document in documents().values():
        for query in queries(document):
            here = set(re.findall(r"\bepay_bot_\w+", query))
            assert here <= names.keys(), query
            labels = {name for found in re.findall(r"by \(([^)]*)\)|\{([^}]*)\}", query) for name in split(*found)}
            assert labels <= set().union(*(names[name] for name in here)) | {"job"}, query
            asked |= here
    whole = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    assert whole == {known.name for known in METRICS}


def split(by: str, matchers: str) -> Iterator[str]:
    yield from re.findall(r"\w+", by)
    yield from re.findall(r"(\w+)\s*=", matchers)


def test_every_alert_says_what_to_do() -> None:
    rules = [rule for group in documents()["alerts"]["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "action"} <= rule["annotations"].keys()
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            (name,) = set(re.findall(r"\bepay_bot_\w+", rule["expr"]))
            assert label in shown_names()[name]


def test_both_ways_of_composing_keep_the_bot_without_rights_and_its_secrets_in_files() -> None:
    for name, count in (("compose.yaml", 1), ("compose.cluster.yaml", 2)):
        document = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
        bots = [service for service in document["services"].values() if service["image"] == "epay-bot"]
        assert len(bots) == count
        for bot in bots:
            assert bot["read_only"]
            assert bot["cap_drop"] == ["ALL"]
            assert set(bot["secrets"]) == set(document["secrets"])
            assert int(bot["stop_grace_period"].removesuffix("s")) > 10
            keys = [key.removeprefix("EPAY_BOT__").lower().split("__") for key in bot["environment"]]
            assert all(section in Settings.model_fields for section, _ in keys)


def test_the_replicas_of_the_cluster_share_one_database_that_outlives_them() -> None:
    document = yaml.safe_load((DEPLOY / "compose.cluster.yaml").read_text(encoding="utf-8"))
    services = document["services"]
    urls = {services[name]["environment"]["EPAY_BOT__STORAGE__URL"] for name in ("bot-1", "bot-2")}
    (url,) = urls
    assert is_on_server(url)
    assert urlsplit(url).hostname in services
    assert services["postgres"]["volumes"][0].split(":")[0] in document["volumes"]
