"""From a run's best weights to a shipped asset with its card."""

import argparse
from pathlib import Path

import yaml
from paddle import nn

from ppgen import hub
from ppgen.config import Settings, read_yaml, shipped
from ppgen.device import cpu_count
from ppgen.engine import checkpoint
from ppgen.engine.log import read_log
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.state import split_prefix
from ppgen.errors import ConfigError, WeightsError
from ppgen.io.terminal import say
from ppgen.io.weights import card_of, load_into, save_network
from ppgen.registry import NETWORKS

STARTS = shipped.PACKAGE.parent / "starts"  # of a clone: what only further training needs, and no wheel holds
_BEFORE = "before, "


def card_facts(run_card: Settings, history: list[Settings], config_path: str) -> Settings:
    """The card of a shipped network: what the config says of it (section `card`) and what the run did and measured."""
    config = read_yaml(config_path)
    if not isinstance(config.get("card"), dict):
        raise ConfigError(f"{config_path}: has no section 'card' (title, licence, data, limits)")
    return {
        **config["card"],
        "command": [
            f"from step {start['step']}: `{start['command']}`" for start in history if start["step"] < run_card["step"]
        ],
        "seed": run_card["seed"],
        "wall time": f"{run_card['hours']} h of training steps, {run_card['processes']} process(es), on a machine "
        f"of {cpu_count()} cores that did other work too",
        "images seen": f"{run_card['images']} ({run_card['step']} steps)",
        "scores": {k: f"{v:.4g}" for k, v in run_card["scores"].items()},
        **{key: run_card[key] for key in ("classes",) if key in run_card},
        "config": "```yaml\n" + yaml.safe_dump(run_card["config"], sort_keys=False) + "```",
    }


def earlier_facts(start: Path) -> Settings:
    """What was trained before a run: its commands, the images seen and the hours, oldest first.

    Args:
        start: what the run began from: shipped weights, by name or file, whose card tells; the folder of another run,
            up to its newest checkpoint; or the folder of one of its checkpoints.
    Raises:
        WeightsError: it holds no checkpoint, or its card does not tell.
    """
    if not start.is_dir():
        return _of_card(hub.path_of(start))
    one = start.parent.name == "checkpoints"
    run = start.parents[1] if one else start
    facts = (checkpoint.load(start) if one else checkpoint.load_newest(run / "checkpoints")[1]).facts
    batch = TrainingConfig.of(read_yaml(run / "config.yaml")).loader.batch_size
    return {
        "command": [_earlier_command(s) for s in read_log(run / "history.jsonl") if s["step"] < facts["step"]],
        "seen": [f"{facts['step'] * batch} ({facts['step']} steps)"],
        "hours": [str(round(facts["seconds"] / 3600, 3))],
    }


def _of_card(weights: Path) -> Settings:
    card = card_of(weights)
    seen, seen_before = _now_and_before(str(card.get("images seen", "")))
    hours, hours_before = _now_and_before(str(card.get("wall time", "")).removesuffix(" h"))
    if not seen or not hours:
        raise WeightsError(f"{weights}: its card does not tell how it was trained; give the run's folder")
    commands = [told if told.startswith(_BEFORE) else _BEFORE + told for told in card["command"]]
    return {"command": commands, "seen": [*seen_before, seen], "hours": [*hours_before, hours.split(" h ")[0]]}


def _now_and_before(told: str) -> tuple[str, list[str]]:
    """"c; before: a, b", as `with_earlier` writes it, is ("c", ["a", "b"])."""
    now, _, before = told.partition("; before: ")
    return now, before.split(", ") if before else []


def _earlier_command(start: Settings) -> str:
    """With the commit, as the config may have been another then."""
    commit = f" (commit {start['commit'][:7]})" if start.get("commit") else ""
    return f"{_BEFORE}from step {start['step']}: `{start['command']}`{commit}"


def with_earlier(facts: Settings, earlier: list[Settings]) -> Settings:
    """A card's facts, with those of what was trained before, oldest first."""
    if not earlier:
        return facts
    command, seen, hours = ([one for run in earlier for one in run[key]] for key in ("command", "seen", "hours"))
    return {
        **facts,
        "command": command + facts["command"],
        "wall time": f"{facts['wall time']}; before: {', '.join(hours)} h",
        "images seen": f"{facts['images seen']}; before: {', '.join(seen)}",
    }


def main(argv: list[str] | None = None) -> int:
    """`tools/publish.py RUN NAME -c CONFIG`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="run folder that holds best.safetensors")
    parser.add_argument("name", help="name of the asset")
    parser.add_argument("-c", "--config-file", required=True, help="the committed config, with its section `card`")
    also = "put this network of the best checkpoint into starts/ too, as NAME_NETWORK, to go on training with both"
    parser.add_argument("--also", metavar="NETWORK", help=also)
    after = "what this run began from, oldest first: runs, checkpoints or shipped weights; the card tells of them too"
    parser.add_argument("--after", nargs="+", default=[], metavar="RUN", type=Path, help=after)
    parser.add_argument("--unfinished", action="store_true", help="into starts/, to go on from, not into the package")
    parser.add_argument("--eight-bit", action="store_true", help="large matrices of linear layers as int8")
    options = parser.parse_args(argv)

    run = Path(options.run)
    best = run / "best.safetensors"
    if not best.is_file():
        raise WeightsError(f"{best}: this run has kept no best weights yet (it needs a validation)")
    facts = card_facts(card_of(best), read_log(run / "history.jsonl"), options.config_file)
    facts = with_earlier(facts, [earlier_facts(before) for before in options.after])
    network, file = hub.load(best), f"{options.name}.safetensors"
    if options.unfinished:
        path = save_network(network, STARTS / file, facts, half=True)
    else:
        path = hub.publish(network, hub.ASSETS / file, facts, eight_bit=options.eight_bit)
    written = [path]
    if options.also:
        network, step = of_best_checkpoint(run, options.also)
        place = STARTS / f"{options.name}_{options.also}.safetensors"
        loads = f"{f'{STARTS.name}/{file}' if options.unfinished else options.name} {STARTS.name}/{place.name}"
        beside = _beside(loads, f"{facts.get('title', options.name)}: its {options.also}", step, run)
        written.append(save_network(network, place, {**facts, **beside}, half=True))
    for path in written:
        say(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _beside(loads: str, title: str, step: int, run: Path) -> Settings:
    """What the card of a network that is kept beside the best one says otherwise; `loads`: both, for --load."""
    strengths = [row["augment_p"] for row in read_log(run / "log.jsonl") if row["step"] <= step and "augment_p" in row]
    start = f" -o model.ada_start={strengths[-1]:.4g}" if strengths else ""  # ADA's, which lies in no weights file
    return {
        "title": title,
        "use": f"to go on training: `python tools/main.py -c CONFIG --load {loads}{start}`",
        "scores": f"none of its own; it is of the run's checkpoint of step {step}",
    }


def of_best_checkpoint(run: Path, name: str) -> tuple[nn.Layer, int]:
    """A network as the checkpoint of a run's best step holds it, the newest one if that is gone, and its step.

    Raises:
        ConfigError: the run has no network of this name. WeightsError: no checkpoint can be read.
    """
    networks = {k: v for k, v in read_yaml(run / "config.yaml")["model"].items() if isinstance(v, dict) and "name" in v}
    if name not in networks:
        raise ConfigError(f"--also {name}: the run has no such network (it has {', '.join(sorted(networks))})")
    place = checkpoint.best(run / "checkpoints")
    saved = checkpoint.load(place) if place else checkpoint.load_newest(run / "checkpoints")[1]
    network = NETWORKS.build(networks[name])
    load_into(network, split_prefix(saved.weights, name))
    return network, saved.facts["step"]
