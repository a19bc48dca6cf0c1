"""Trains a tree: a base on everything, then each group from its parent's weights; every node is an ordinary training.

    RUN/config.yaml, history.jsonl      as any run's
    RUN/tree.json                       the nodes, what they are trained on, their scores and weights; for the router
    RUN/tree.png                        the same as a picture
    RUN/base/, RUN/young/, RUN/young-F/ run folders of the nodes

A run that was stopped goes on where it was: finished nodes are passed over, the unfinished one resumes.
"""

import argparse
import inspect
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ppgen.config import Settings
from ppgen.datasets.files import NothingSelected
from ppgen.datasets.stream import Reader
from ppgen.engine import checkpoint, distributed, runs, starts
from ppgen.engine.assemble import build_trainer, describe
from ppgen.engine.schema import faults_of
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.engine.validation import check_enough
from ppgen.errors import ConfigError, DataError
from ppgen.io.atomic import write_json
from ppgen.io.image import save_image, to_uint8
from ppgen.io.terminal import say, show
from ppgen.io.weights import card_of
from ppgen.registry import DATASETS
from ppgen.tree.picture import draw_tree
from ppgen.tree.stages import Node, StagesSettings, levels_of, nodes_of

TREE, PICTURE, START, SAMPLE, BEST = "tree.json", "tree.png", "start.json", "sample.png", "best.safetensors"
_MOST_PANELS = 3  # of a node's sample: photo, drawing, cartoon


class _Training(NamedTuple):
    """Of one node. counts: number of samples of each dataset."""

    node: Node
    config: TrainingConfig
    counts: dict[str, int]

    @property
    def name(self) -> str:
        return self.node.name


class _Run(NamedTuple):
    """One tree on disk. arguments: of `tools/main.py`."""

    folder: Path
    config: TrainingConfig
    trainings: list[_Training]
    arguments: list[str]

    def checkpoints(self, name: str) -> Path:
        return self.folder / name / "checkpoints"

    def trainer(self, training: _Training) -> Trainer:
        return build_trainer(training.config, self.folder / training.name)

    def start_of(self, node: Node) -> Path | None:
        """The parent's checkpoint that a node starts from; None for the base."""
        if node.parent is None:
            return None
        root = self.checkpoints(node.parent)
        best = checkpoint.best(root) if StagesSettings(**self.config.stages).start_from == "best" else None
        return best or checkpoint.newest(root)


def run_tree(options: argparse.Namespace, config: TrainingConfig) -> int:
    """Train, or evaluate, all nodes; returns the exit code.

    Args:
        options: of `tools/main.py`.
        config: valid, with a section `stages`.
    Raises:
        ConfigError, DataError: a node's config or data cannot be used; known before anything is trained.
    """
    if options.profiler_options:
        raise ConfigError("--profiler_options: a tree of trainings is not profiled; give one node's config.yaml")
    nodes = nodes_of(config)
    check_nodes(nodes)
    trainings = [_counted(node) for node in nodes]
    if config.load:
        starts.check_starts(config.load)
    folder, resumed = _folder(options, config)
    run = _Run(folder, config, trainings, options.argv)
    if options.dry_run:
        return _describe(run)
    if options.evaluate_only:
        return _evaluate(run)
    if distributed.rank() == 0:
        for line in runs.record(folder, config, 0, resumed, options.argv):
            say(line)
        say(f"{len(nodes)} trainings in {folder}")
        _write(run)
    for training in trainings:
        if code := _train(run, training):
            return code
    if distributed.rank() == 0:
        say(f"done: open {folder / PICTURE}; {TREE} names each node's weights, for Photo2CartoonPredictor(routing=…)")
    return 0


# ---- before anything is trained --------------------------------------------------------------------------


def check_nodes(nodes: list[Node]) -> None:
    """ConfigError for what a level's `change` makes wrong, and for datasets that cannot be split into groups."""
    faults: list[str] = []
    for node in nodes:
        for key, dataset in node.settings["dataset"].items():
            if node.parent and "where" not in inspect.signature(DATASETS.get(dataset["name"])).parameters:
                faults.append(
                    f"dataset.{key}: {dataset['name']} has no 'where' and cannot be split into groups; take "
                    "PortraitCartoons or Portraits"
                )
        place = f"stages.levels.{node.level - 1}.change: " if node.parent else ""
        faults += [place + fault for fault in faults_of(node.settings)]
    if faults:
        raise ConfigError(*dict.fromkeys(faults))


def _counted(node: Node) -> _Training:
    """The training of a node, without turns of groups that it has not.

    Raises DataError that names a group without images, ConfigError for one with too few for its metric.
    """
    config, counts = TrainingConfig.of(node.settings), {}
    for key, dataset in config.dataset.items():
        try:
            built = DATASETS.build(dataset)
        except DataError as error:
            if node.parent is None:
                raise
            what = "to train on" if key == "train" else "to validate on"
            advice = _how_to_fill(error.empty) if isinstance(error, NothingSelected) and error.empty else ""
            raise DataError(f"stages: the group '{node.name}' has no images {what}: {error}{advice}") from error
        counts[key] = len(built)
        if key == "train" and node.parent:
            present = set(built.groups)
            turns = {group: n for group, n in config.loader.turns.items() if group in present}
            config = replace(config, loader=replace(config.loader, turns=turns))
    if "validation" in counts:
        check_enough(config.validate, counts["validation"], f"stages: dataset.validation of the group '{node.name}'")
    return _Training(node, config, counts)


def _how_to_fill(columns: Sequence[str]) -> str:
    """What to do about columns of meta.csv that are empty in every row: whoever made the data said nothing of them."""
    return (
        f"; {' and '.join(columns)} {'is' if len(columns) == 1 else 'are'} empty in every row: make the data with "
        "`ppgen data portraits … --meta TABLE.csv` (columns id, gender, age_group)"
    )


def _folder(options: argparse.Namespace, config: TrainingConfig) -> tuple[Path, bool]:
    """(folder of the tree, whether it is there already)."""
    output, name = Path(config.output_dir).expanduser(), runs.run_name(options.config_file)
    if options.resume not in (None, "newest"):
        given = Path(options.resume).expanduser()
        if not (given / TREE).is_file():
            raise ConfigError(f"--resume {options.resume}: no {TREE} there (expected the run folder of a whole tree)")
        return given, True
    newest = newest_tree(output, name) if options.resume else None
    if distributed.agree(int(newest is not None)) and newest is not None:
        return newest, True
    if options.resume:
        _say(f"no earlier tree of {name} in {output}")
    return runs.new_folder(output, name), False


def newest_tree(output: Path, name: str) -> Path | None:
    """The newest run folder of a tree of this config, or None."""
    return max((path.parent for path in output.glob(f"*/{TREE}") if runs.is_run_of(path.parent, name)), default=None)


def _describe(run: _Run) -> int:
    """What --dry-run prints: the tree, and the base's training."""
    for node, config, counts in run.trainings:
        images = ", ".join(f"{n} {key}" for key, n in counts.items())
        start = f" from {node.parent}" if node.parent else ""
        say(f"{'  ' * node.level}{node.name}: {config.total_iters} steps{start}; images: {images}")
    describe(run.trainer(run.trainings[0]))
    return 0


# ---- one node --------------------------------------------------------------------------------------------


def _train(run: _Run, training: _Training) -> int:
    """Train one node to its end; the exit code is not 0 where a signal stopped it."""
    name, end = training.name, training.config.total_iters
    newest = checkpoint.newest(run.checkpoints(name))
    reached = distributed.agree(int(newest.name.removeprefix("step_")) if newest else -1)
    if reached >= end:
        _say(f"{name}: finished before, passed over")
        return 0
    trainer = run.trainer(training)
    if reached >= 0:
        runs.resume_newest(trainer.snapshot)
    else:
        _start(run, training.node, trainer)
    _say(f"{name}: from step {trainer.step} to {end}, {training.counts['train']} images")
    begin = (trainer.folder, trainer.config, trainer.step, reached >= 0, run.arguments, f"{name}: ")
    trainer.run(started=lambda: runs.record_start(*begin))
    if trainer.stopped_by is not None:
        return runs.say_stopped(trainer.stopped_by, trainer.step, run.folder, f" of '{name}'")
    if trainer.writes:
        _keep_sample(trainer)
        _write(run)
        _say(f"{name}: {_score_line(_entry(run, training))}")
    distributed.agree(0)  # nobody starts the next node before the first process has written this one
    return 0


def _say(text: str) -> None:
    if distributed.rank() == 0:
        say(text)


def _start(run: _Run, node: Node, trainer: Trainer) -> None:
    """From the parent's weights, whose scores on this group are noted first."""
    source = run.start_of(node)
    if source is None:
        if run.config.load:
            starts.load(trainer, run.config.load)
        return
    trainer.snapshot.load_weights(source)
    token = str(distributed.agree(time.time_ns() % 10**9))
    if trainer.writes:
        place = str(source.relative_to(run.folder))
        write_json(trainer.folder / START, {"from": place, "scores": trainer.evaluate()})
    distributed.wait_for_first(trainer.folder / ".started", token)


def _keep_sample(trainer: Trainer) -> None:
    """The first validation portrait as this node draws it, in a row: photo, drawing, cartoon, say."""
    batch = None if trainer.validation is None else Reader(trainer.validation).batch([0])
    if batch is None:
        return
    for network in trainer.model.networks.values():
        network.eval()
    shown = list(trainer.model.visuals(batch, trainer.snapshot.smooth_networks()).values())[:_MOST_PANELS]
    save_image(trainer.folder / SAMPLE, np.concatenate([to_uint8(picture)[0] for picture in shown], axis=1))


# ---- what is left ----------------------------------------------------------------------------------------


def _entry(run: _Run, training: _Training) -> Settings:
    """What tree.json says of a node."""
    node, config, counts = training
    folder, judged_by = run.folder / node.name, config.validate.best
    best = folder / BEST
    card = card_of(best) if best.is_file() else {}
    start = json.loads((folder / START).read_text()) if (folder / START).is_file() else {}
    newest = checkpoint.newest(run.checkpoints(node.name))
    step = int(newest.name.removeprefix("step_")) if newest else 0
    scores, parent_scores = card.get("scores", {}), start.get("scores", {})
    return {
        "name": node.name, "parent": node.parent, "attributes": node.attributes,
        "images": counts["train"], "validation_images": counts["validation"],
        "step": step, "total_iters": config.total_iters, "finished": step >= config.total_iters,
        "weights": f"{node.name}/{BEST}" if best.is_file() else None, "best_step": card.get("step"),
        "started_from": start.get("from"), "judged_by": judged_by, "mode": config.validate.mode,
        "score": scores.get(judged_by), "parent_score": parent_scores.get(judged_by),
        "scores": scores, "parent_scores": parent_scores,
    }  # fmt: skip


def _score_line(entry: Settings) -> str:
    """`overall 0.512 (its parent on these portraits: 0.56)`."""
    if entry["score"] is None:
        return "no score yet"
    text = f"{entry['judged_by']} {entry['score']:.4g}"
    return text if entry["parent_score"] is None else f"{text} (its parent here: {entry['parent_score']:.4g})"


def _write(run: _Run) -> None:
    """tree.json and tree.png of what there is."""
    levels = levels_of(run.config)
    groups = [{"by": level.by, "groups": {name: level.bounds(name) for name in level.names()}} for level in levels]
    entries = [_entry(run, training) for training in run.trainings]
    write_json(run.folder / TREE, {"levels": groups, "nodes": entries})
    captions = {entry["name"]: (f"{entry['images']} images", _score_line(entry)) for entry in entries}
    samples = {name: run.folder / name / SAMPLE for name in captions}
    parents = {entry["name"]: entry["parent"] for entry in entries}
    save_image(run.folder / PICTURE, draw_tree(parents, captions, samples))


def _evaluate(run: _Run) -> int:
    """Print the scores of every node's best weights on its group, as JSON."""
    scores = {}
    for training in run.trainings:
        root = run.checkpoints(training.name)
        if place := checkpoint.best(root) or checkpoint.newest(root):
            trainer = run.trainer(training)
            trainer.snapshot.load_weights(place)
            scores[training.name] = trainer.evaluate()
    if not scores:
        raise ConfigError("--evaluate-only: no node has weights yet; name a tree with --resume DIR")
    show(json.dumps(scores, indent=1))
    return 0
