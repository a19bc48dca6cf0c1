"""Is a generator trained on for one group better there than the base trained on for as long on everybody? (issue 4)

    python benchmarks/progressive.py RUN --prepare            # RUN: of configs/photo2cartoon_progressive.yaml
    python tools/main.py -c … --load …                        # the command that it prints: the control
    python benchmarks/progressive.py RUN --control RUN2 [--drawings FILE] [--json FILE]

The control goes on from the same weights of the base as the leaves, with a leaf's settings and steps, on all pictures.
Leaf and control draw the leaf's validation portraits, both with their last weights (a best step would be chosen by
these very portraits); the difference of their errors, grey levels inside the mask, has a paired bootstrap interval.
The picture shows each portrait as every leaf draws it: drawings alone, no photos. `--level 2` measures the second
split; its control goes on from the first's, `--from CONTROL`. Exit code 1 where a leaf is not better.
"""

import copy
import json
from pathlib import Path
from typing import NamedTuple

from harness import JSON, Figures, Namespace, Result, argument, benchmark, evenly

import numpy as np
import yaml

from ppgen.datasets.portraits import Portraits
from ppgen.datasets.stream import Reader
from ppgen.errors import ConfigError
from ppgen.io.atomic import write_text
from ppgen.io.image import save_image, to_uint8
from ppgen.latent.sheet import sheet
from ppgen.metrics import cartoon as scores
from ppgen.metrics.bootstrap import interval
from ppgen.registry import DATASETS
from trained import Run, networks_at, read_run

TREE, BATCH, SHOWN = "tree.json", 8, 6
CONTROL = "control"  # its title in the picture


def read_leaves(folder: Path, level: int) -> list[Figures]:
    """The entries of tree.json on a level, 1 for the first split; ConfigError where some are not finished."""
    path = folder / TREE
    if not path.is_file():
        raise ConfigError(f"{folder}: no {TREE} there; give the run folder of a config with stages")
    entries = json.loads(path.read_text())["nodes"]
    leaves = [entry for entry in entries if len(entry["attributes"]) == level]
    if not leaves:
        raise ConfigError(f"{path}: has no level {level}")
    return leaves


def control_config(leaf: Figures) -> Figures:
    """A leaf's config on the pictures of all groups."""
    config = copy.deepcopy(leaf)
    for dataset in config["dataset"].values():
        dataset.pop("where", None)
    config.pop("load", None)
    return config


def prepare(folder: Path, level: int, start: str | None) -> str:
    """Write the control's config into the tree's folder; the command that trains it."""
    leaf = read_leaves(folder, level)[0]
    if start is None:
        if level > 1:
            raise ConfigError(f"--level {level}: say where its control starts, --from CONTROL_OF_LEVEL_{level - 1}")
        if not leaf["started_from"]:
            raise ConfigError(f"{folder / TREE}: '{leaf['name']}' has not started yet; train the tree first")
        start = str(folder / leaf["started_from"])
    path = folder / f"progressive_control_{level}.yaml"
    config = control_config(read_run(folder / leaf["name"]).config)
    write_text(path, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return f"python tools/main.py -c {path} --load {start} --nproc auto"


class Drawn(NamedTuple):
    """What a run's last weights make of all validation portraits."""

    ids: list[str]
    errors: np.ndarray  # (n,), grey levels inside the mask
    pictures: np.ndarray  # uint8 (n, S, S, 3)


def draw(run: Run, dataset: Portraits) -> Drawn:
    """All of `dataset`, with the skin colours that the config's `told_skin` says."""
    model = run.model()
    networks, reader = networks_at(model, run.place("last")), Reader(dataset, "stop")
    ids, errors, pictures = [], [], []
    for first in range(0, len(dataset), BATCH):
        batch = reader.batch(range(first, min(first + BATCH, len(dataset))))
        made, cartoons = to_uint8(model.predict(batch, networks)), to_uint8(batch["cartoon"])
        masks = batch["mask"][:, 0] > 0.5
        ids += batch["id"]
        errors += [scores.masked_mae(*triple) for triple in zip(made, cartoons, masks, strict=True)]
        pictures.append(made)
    return Drawn(ids, np.array(errors), np.concatenate(pictures))


def compare(leaf: np.ndarray, control: np.ndarray) -> Figures:
    """Errors of both on the same portraits, and leaf minus control with its 95 % interval."""
    difference = leaf - control
    low, high = interval(difference)
    return {
        "portraits": len(leaf), "leaf": float(leaf.mean()), "control": float(control.mean()),
        "difference": float(difference.mean()), "interval": (low, high),
        "better_on": float((difference < 0).mean()),
        "verdict": "better" if high < 0 else "worse" if low > 0 else "not decided",
    }  # fmt: skip


def check_steps(leaf: Run, control: Run) -> None:
    """ConfigError where the two have not been trained for as long."""
    steps = [max(run.places()) for run in (leaf, control)]
    if steps[0] != steps[1]:
        raise ConfigError(f"{leaf.folder} is at step {steps[0]}, {control.folder} at {steps[1]}: finish both")


def measure(folder: Path, level: int, control: Run) -> tuple[Figures, dict[str, np.ndarray]]:
    """(figures by leaf, drawings of the same portraits of all groups by control and leaves)."""
    leaves = {entry["name"]: read_run(folder / entry["name"]) for entry in read_leaves(folder, level)}
    for leaf in leaves.values():
        check_steps(leaf, control)
    everybody = DATASETS.build(control.config["dataset"]["validation"])
    base = draw(control, everybody)
    shown = evenly(len(base.ids), SHOWN)
    pictures, figures = {CONTROL: base.pictures[shown]}, {}
    for name, leaf in leaves.items():
        own = draw(leaf, everybody)
        members = {row["id"] for row in DATASETS.build(leaf.config["dataset"]["validation"]).rows}
        inside = np.array([identifier in members for identifier in own.ids])
        if not inside.any():
            raise ConfigError(f"{leaf.folder}: none of its validation portraits is among the control's")
        figures[name] = compare(own.errors[inside], base.errors[inside])
        pictures[name] = own.pictures[shown]
    return figures, pictures


@benchmark(
    __doc__,
    argument("run", type=Path, help="run folder of the tree"),
    argument("--level", type=int, default=1, help="1: the first split (default)"),
    argument("--prepare", action="store_true", help="write the control's config, print its command, stop"),
    argument("--from", dest="start", metavar="DIR", help="what the control of a lower level goes on from"),
    argument("--control", help="the control's run folder"),
    argument("--drawings", type=Path, metavar="FILE", help="write a grid: a row a portrait, a column a leaf"),
    JSON,
)
def main(options: Namespace) -> Result:
    if bool(options.control) == options.prepare:
        raise ConfigError("give either --prepare or --control RUN")
    if options.prepare:
        return Result(text=prepare(options.run, options.level, options.start))
    figures, pictures = measure(options.run, options.level, read_run(options.control))
    if options.drawings:
        rows = np.stack([column[i] for i in range(len(pictures[CONTROL])) for column in pictures.values()])
        save_image(options.drawings, sheet(rows, columns=len(pictures), column_titles=list(pictures)))
    return Result(figures, reached=all(row["difference"] < 0 for row in figures.values()))
