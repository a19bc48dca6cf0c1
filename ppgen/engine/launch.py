"""From a command line to a training: read, override, validate, build, run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from ppgen.config import read_yaml
from ppgen.errors import ConfigError, OutputError
from ppgen.io.atomic import write_text


def parser() -> argparse.ArgumentParser:
    """The options of `tools/main.py` and `ppgen train`; PaddleGAN's are among them."""
    result = argparse.ArgumentParser(prog="tools/main.py", description="Train or evaluate what a YAML names.")
    add = result.add_argument
    add("-c", "--config-file", required=True, help="the YAML, ours or PaddleGAN's; or a run's config.yaml")
    add("-o", "--opt", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a key")
    resume_help = "go on from the newest run of this config, or from DIR: a run folder or one of its checkpoints"
    add("--resume", nargs="?", const="newest", metavar="DIR", help=resume_help)
    add("--load", metavar="W", help="start from a weights file or a checkpoint folder")
    add("--evaluate-only", action="store_true", help="print the validation scores and stop")
    add("--dry-run", action="store_true", help="build everything, print sizes, stop")
    add("--nproc", default="1", help="training processes, or auto: one a core, if the batch can be shared")
    add("--seed", type=int, help="takes the place of the YAML's")
    add("--val-interval", type=int, metavar="N", help="steps between validations")
    add("--amp", action="store_true", help="half precision, where the device has it")
    add("--amp_level", "--amp-level", choices=["O1", "O2"], default="O1", help="O2 keeps the networks in it too")
    add("--profiler_options", "--profiler-options", metavar="TEXT", help="such as 'batch_range=[10,20];state=CPU'")
    add("--no-cuda", action="store_true", help="stay on the CPU")
    add("--debug", action="store_true", help="show tracebacks")
    return result


def _overrides(options: argparse.Namespace) -> list[str]:
    """`-o` and the flags that stand for a key."""
    if options.val_interval is None:
        return options.opt
    return [*options.opt, f"validate.interval={options.val_interval}"]


def run_name(config_file: str) -> str:
    """What runs of a config are called: the file's name, or for a run's own config.yaml that run's."""
    path = Path(config_file)
    if path.name == "config.yaml" and (path.parent / "history.jsonl").is_file():
        return re.sub(r"-\d{8}-\d{6}(-\d+)?$", "", path.resolve().parent.name)
    return path.stem


def newest_run(output_dir: Path, name: str) -> Path | None:
    """The newest run folder of a config that has a checkpoint."""
    from ppgen.engine import checkpoint

    runs = sorted(p for p in output_dir.glob(f"{name}-2*") if checkpoint.newest(p / "checkpoints"))
    return runs[-1] if runs else None


def _versions() -> dict[str, str]:
    import paddle

    import ppgen

    return {
        "ppgen": ppgen.__version__, "paddle": paddle.__version__, "python": platform.python_version(),
        "commit": _commit(),
    }  # fmt: skip


def _commit() -> str:
    """The commit of this clone; "unknown" for an installed package or without git."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=root)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; errors of ppgen propagate to the caller, which prints them."""
    argv = sys.argv[1:] if argv is None else argv
    options = parser().parse_args(argv)
    from ppgen.device import import_paddle

    import_paddle()  # before the recipes import it: settings first, one message where it is missing
    from ppgen.engine.profile import parse_options
    from ppgen.engine.schema import load_config
    from ppgen.engine.stages import is_tree

    if options.profiler_options:
        parse_options(options.profiler_options)  # its faults are known before anything is built
    config = load_config(options.config_file, _overrides(options), options.seed)

    from ppgen.device import select
    from ppgen.engine import distributed
    from ppgen.engine.processes import process_count, start_processes

    if distributed.world_size() == 1 and not (options.dry_run or options.evaluate_only):
        count = process_count(options.nproc, config.get("loader", {}).get("batch_size", 4))
        if count > 1:
            return start_processes(count, argv)
    select(prefer_gpu=not options.no_cuda)
    distributed.start()
    if is_tree(config):
        from ppgen.engine.tree import run_tree

        return run_tree(options, config)
    return _run(options, config)


def build(config: dict[str, Any]) -> tuple[Any, Any, Any]:
    """(recipe, training dataset, validation dataset or None) of a config; its epochs become steps."""
    import paddle

    from ppgen.registry import DATASETS, MODELS

    datasets = {key: DATASETS.build(value) for key, value in config["dataset"].items()}
    batch = config.get("loader", {}).get("batch_size", 4)
    steps_an_epoch = max(1, len(datasets["train"]) // batch)
    if "epochs" in config:
        config["total_iters"] = config.pop("epochs") * steps_an_epoch
    checkpoint = config.get("checkpoint", {})
    if epochs := checkpoint.pop("interval_epochs", 0):
        checkpoint["interval"] = epochs * steps_an_epoch
    paddle.seed(config["seed"])
    return MODELS.build(config["model"]), datasets["train"], datasets.get("validation")


def _run(options: argparse.Namespace, config: dict[str, Any]) -> int:
    from ppgen.engine.amp import Precision
    from ppgen.engine.trainer import Trainer

    if options.evaluate_only and not (options.load or options.resume):
        raise ConfigError("--evaluate-only: name the weights to judge with --load W or --resume")
    model, train, validation = build(config)
    folder, source = _folder_and_source(options.resume, Path(config["output_dir"]), run_name(options.config_file))
    profile = _profile(options, folder)
    precision = Precision(options.amp_level if options.amp else None)
    trainer = Trainer(model, config, folder, train, validation, precision, profile)
    if options.dry_run:
        return describe(trainer)
    if options.load:
        load(trainer, options.load)
    if source == folder:
        for damaged in trainer.resume_newest():
            print(f"warning: {damaged}; going on from the one before it", file=sys.stderr, flush=True)
    elif source is not None:
        trainer.resume(source)
    if options.evaluate_only:
        print(json.dumps(trainer.evaluate(), indent=1))
        return 0
    return _train(trainer, source is not None)


def _profile(options: argparse.Namespace, folder: Path) -> Any:
    from ppgen.engine import distributed
    from ppgen.engine.profile import Profile

    text = options.profiler_options
    return Profile(text, folder, watch=distributed.rank() == 0) if text else None


def load(trainer: Any, source: str) -> None:
    """Start from a weights file or a checkpoint folder."""
    from ppgen.io.weights import load_into

    if Path(source).is_dir():
        trainer.load_weights(Path(source))
        return
    for networks in (trainer.model.networks, trainer.smooth_networks()):
        load_into(networks[trainer.validate_settings.network], source)


def _train(trainer: Any, resumed: bool) -> int:
    from ppgen.engine.processes import STOPPED

    folder = trainer.folder
    if trainer.writes:
        for line in record(folder, trainer.config, trainer.step, resumed):
            print(line)
        print(
            f"{'going on from step ' + str(trainer.step) if resumed else 'starting at step 0'} in {folder}", flush=True
        )
    trainer.run()
    if trainer.stopped_by is not None:
        if trainer.writes:
            print(f"{STOPPED} {trainer.stopped_by.name} at step {trainer.step}, checkpoint written; "
                  f"the same command with --resume {folder} goes on", flush=True)  # fmt: skip
        return 128 + trainer.stopped_by
    if trainer.writes:
        print(
            f"done: open {folder / 'index.html'}; log.jsonl, samples/, checkpoints/ and best.safetensors lie beside it"
        )
    return 0


def _folder_and_source(resume: str | None, output: Path, name: str) -> tuple[Path, Path | None]:
    """(folder of the run, what to go on from: that folder for its newest checkpoint, one checkpoint, or None)."""
    from ppgen.engine import checkpoint

    if resume not in (None, "newest"):
        given = Path(resume)
        if given.parent.name == "checkpoints" and given.is_dir():
            return given.parent.parent, given
        if checkpoint.newest(given / "checkpoints") is None:
            raise ConfigError(
                f"--resume {resume}: no checkpoint there (expected a run folder or one of its checkpoints/step_*)"
            )
        return given, given
    old = newest_run(output, name) if resume else None
    return (old, old) if old is not None else (new_folder(output, name), None)


def new_folder(output: Path, name: str) -> Path:
    """A name for a new run of a config; nothing is made."""
    from ppgen.engine import distributed

    now = distributed.agree(int(time.time()))  # one folder for all processes
    folder = output / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}"
    taken = sum((p / "config.yaml").is_file() for p in output.glob(f"{folder.name}*"))  # two starts in one second
    taken = distributed.agree(taken)
    return folder.with_name(f"{folder.name}-{taken + 1}") if taken else folder


def record(folder: Path, config: dict[str, Any], step: int, resumed: bool) -> list[str]:
    """Write the resolved config and, a line a start, what was run from which step; returns what has changed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror
        raise OutputError(
            f"{folder}: this folder cannot be made ({reason}); choose another with -o output_dir=…"
        ) from error
    earlier = folder / "config.yaml"
    changes = differences(read_yaml(earlier), config) if resumed and earlier.is_file() else []
    write_text(earlier, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    history = folder / "history.jsonl"
    lines = history.read_text() if history.is_file() else ""
    arguments = [os.path.relpath(word) if os.path.isabs(word) else word for word in sys.argv[1:]]
    now = {"step": step, "command": " ".join(["python tools/main.py", *arguments]), **_versions()}
    write_text(history, lines + json.dumps(now) + "\n")
    return [f"changed since the run began: {change}" for change in changes]


def differences(old: Any, new: Any, where: str = "") -> list[str]:
    """`path: old -> new` for every value that differs between two configs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        return [d for k in keys for d in differences(old.get(k), new.get(k), f"{where}.{k}" if where else str(k))]
    return [] if old == new else [f"{where}: {old} -> {new}"]


def describe(trainer: Any) -> int:
    """What --dry-run prints."""
    import numpy as np

    total = 0
    for name, network in trainer.model.networks.items():
        count = sum(int(np.prod(p.shape)) for p in network.parameters())
        total += count
        print(f"{name}: {type(network).__name__}, {count / 1e6:.2f} M parameters")
    print(f"memory for weights, gradients and Adam: about {total * 16 / 2**20:.0f} MiB, activations not counted")
    for key, value in trainer.stream.batch(0, ahead=0).items():
        is_array = isinstance(value, np.ndarray)
        print(f"batch.{key}: {value.dtype} {list(value.shape)}" if is_array else f"batch.{key}: {len(value)} values")
    trainer.stream.close()
    print(f"training samples: {len(trainer.stream.dataset)}; steps: {trainer.total}")
    return 0
