"""From a run's best weights to a shipped asset with its card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from ppgen.config import read_yaml
from ppgen.device import cpu_count
from ppgen.engine.log import read_log
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.weights import card_of


def card_facts(run_card: dict[str, Any], history: list[dict[str, Any]], config_path: str) -> dict[str, Any]:
    """The card of a shipped network: what the config says of it (section `card`) and what the run did and measured."""
    config = read_yaml(config_path)
    if not isinstance(config.get("card"), dict):
        raise ConfigError(f"{config_path}: has no section 'card' (title, licence, data, limits)")
    return {
        **config["card"],
        "command": [f"from step {start['step']}: `{start['command']}`" for start in history],
        "seed": run_card["seed"],
        "wall time": f"{run_card['hours']} h of training steps, {run_card['processes']} process(es), on a machine "
        f"of {cpu_count()} cores that did other work too",
        "images seen": f"{run_card['images']} ({run_card['step']} steps)",
        "scores": {k: f"{v:.4g}" for k, v in run_card["scores"].items()},
        "config": "```yaml\n" + yaml.safe_dump(run_card["config"], sort_keys=False) + "```",
    }


def earlier_facts(run: Path) -> dict[str, Any]:
    """The commands, images and hours of a run that another went on from, up to its newest checkpoint.

    Raises:
        WeightsError: it holds no checkpoint.
    """
    from ppgen.engine import checkpoint

    facts = checkpoint.load_newest(run / "checkpoints")[1].facts
    batch = TrainingConfig.of(read_yaml(run / "config.yaml")).loader.batch_size
    return {
        "command": [f"before, from step {s['step']}: `{s['command']}`" for s in read_log(run / "history.jsonl")],
        "step": facts["step"],
        "images": facts["step"] * batch,
        "hours": round(facts["seconds"] / 3600, 3),
    }


def with_earlier(facts: dict[str, Any], earlier: list[dict[str, Any]]) -> dict[str, Any]:
    """A card's facts, with those of the runs before, oldest first."""
    if not earlier:
        return facts
    seen = ", ".join(f"{run['images']} ({run['step']} steps)" for run in earlier)
    return {
        **facts,
        "command": [command for run in earlier for command in run["command"]] + facts["command"],
        "wall time": f"{facts['wall time']}; before: {', '.join(str(run['hours']) for run in earlier)} h",
        "images seen": f"{facts['images seen']}; before: {seen}",
    }


def main(argv: list[str] | None = None) -> int:
    """`tools/publish.py RUN NAME -c CONFIG`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run folder that holds best.safetensors")
    parser.add_argument("name", help="name of the asset")
    parser.add_argument("-c", "--config-file", required=True, help="the committed config, with its section `card`")
    also = "ship this network of the best checkpoint too, as NAME_NETWORK, to go on training with both"
    parser.add_argument("--also", metavar="NETWORK", help=also)
    after = "runs that this one began from, oldest first: the card tells their commands, images and hours too"
    parser.add_argument("--after", nargs="+", default=[], metavar="RUN", type=Path, help=after)
    parser.add_argument("--eight-bit", action="store_true", help="large matrices of linear layers as int8")
    options = parser.parse_args(argv)

    from ppgen import hub

    best = Path(options.run) / "best.safetensors"
    if not best.is_file():
        raise WeightsError(f"{best}: this run has kept no best weights yet (it needs a validation)")
    history = read_log(Path(options.run) / "history.jsonl")
    facts = card_facts(card_of(best), history, options.config_file)
    facts = with_earlier(facts, [earlier_facts(run) for run in options.after])
    shipped = {options.name: hub.load(best)}
    if options.also:
        shipped[f"{options.name}_{options.also}"], step = of_best_checkpoint(Path(options.run), options.also)
        title = facts.get("title", options.name)
        beside = {**facts, **_beside(options.name, options.also, title, step, Path(options.run))}
    for name, network in shipped.items():
        own = facts if name == options.name else beside
        path = hub.publish(network, hub.ASSETS / f"{name}.safetensors", own, eight_bit=options.eight_bit)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _beside(name: str, network: str, title: str, step: int, run: Path) -> dict[str, Any]:
    """What the card of a network that is shipped beside the best one says otherwise."""
    strengths = [row["augment_p"] for row in read_log(run / "log.jsonl") if row["step"] <= step and "augment_p" in row]
    start = f" -o model.ada_start={strengths[-1]:.4g}" if strengths else ""  # ADA's, which lies in no weights file
    return {
        "title": f"{title}: its {network}",
        "use": f"to go on training: `python tools/main.py -c CONFIG --load {name} {name}_{network}{start}`",
        "scores": f"none of its own; it is of the run's checkpoint of step {step}",
    }


def of_best_checkpoint(run: Path, name: str) -> tuple[Any, int]:
    """A network as the checkpoint of a run's best step holds it, the newest one if that is gone, and its step.

    Raises:
        ConfigError: the run has no network of this name. WeightsError: no checkpoint can be read.
    """
    from ppgen.engine import checkpoint
    from ppgen.engine.state import split_prefix
    from ppgen.io.weights import load_into
    from ppgen.registry import NETWORKS

    networks = {k: v for k, v in read_yaml(run / "config.yaml")["model"].items() if isinstance(v, dict) and "name" in v}
    if name not in networks:
        raise ConfigError(f"--also {name}: the run has no such network (it has {', '.join(sorted(networks))})")
    place = checkpoint.best(run / "checkpoints")
    found = checkpoint.load(place) if place else checkpoint.load_newest(run / "checkpoints")[1]
    network = NETWORKS.build(networks[name])
    load_into(network, split_prefix(found.weights, name))
    return network, found.facts["step"]
