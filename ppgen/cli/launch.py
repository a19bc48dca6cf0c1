"""From a command line to a training: read, override, validate, build, run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ppgen.engine import runs, starts
from ppgen.errors import ConfigError


def parser() -> argparse.ArgumentParser:
    """The options of `tools/main.py` and `ppgen train`; PaddleGAN's are among them."""
    result = argparse.ArgumentParser(prog="tools/main.py", description="Train or evaluate what a YAML names.")
    add = result.add_argument
    add("-c", "--config-file", required=True, help="the YAML, ours or PaddleGAN's; or a run's config.yaml")
    add("-o", "--opt", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a key")
    resume_help = "go on from the newest run of this config, or from DIR: a run folder or one of its checkpoints"
    add("--resume", nargs="?", const="newest", metavar="DIR", help=resume_help)
    load_help = "start from weights files or shipped weights, or from a run or checkpoint folder (all networks)"
    add("--load", nargs="+", metavar="W", help=load_help)
    add("--evaluate-only", action="store_true", help="print the validation scores and stop")
    add("--dry-run", action="store_true", help="build everything, print sizes, stop")
    add("--nproc", default="1", help="training processes, or auto: one a core, if the batch can be shared")
    add("--seed", type=int, help="takes the place of the YAML's")
    add("--val-interval", type=int, metavar="N", help="steps between validations")
    add("--amp", action="store_true", help="half precision, where the device has it")
    add("--amp_level", "--amp-level", choices=["O1", "O2"], default="O1", help="O2 keeps the networks in it too")
    add("-p", "--profiler_options", "--profiler-options", metavar="TEXT", help="as 'batch_range=[10,20];state=CPU'")
    add("--no-cuda", action="store_true", help="stay on the CPU")
    add("--debug", action="store_true", help="show tracebacks")
    return result


def _overrides(options: argparse.Namespace) -> list[str]:
    """`-o` and the flags that stand for a key."""
    if options.val_interval is None:
        return options.opt
    return [*options.opt, f"validate.interval={options.val_interval}"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line; errors of ppgen propagate to the caller, which prints them."""
    argv = sys.argv[1:] if argv is None else argv
    options = parser().parse_args(argv)
    options.argv = argv

    from ppgen.engine.profile import parse_options
    from ppgen.engine.schema import load_config
    from ppgen.tree.stages import check_stages

    if options.profiler_options:
        parse_options(options.profiler_options)  # its faults are known before anything is built
    config = load_config(options.config_file, _overrides(options), options.seed, checks={"stages": check_stages})
    _take_flags(options, config)

    from ppgen.device import keep_memory, select
    from ppgen.engine import distributed
    from ppgen.engine.processes import start_processes

    if distributed.world_size() == 1:
        count = _processes(options, config)
        if count > 1 and not (options.dry_run or options.evaluate_only):
            return start_processes(Path(__file__).with_name("worker.py"), count, argv)
    if select(prefer_gpu=not options.no_cuda) == "cpu":
        keep_memory()
    distributed.start()
    if "stages" in config:
        from ppgen.tree.train import run_tree

        return run_tree(options, config)
    return _run(options, config)


def _take_flags(options: argparse.Namespace, config: dict[str, Any]) -> None:
    """Flags that change what is learnt go into the config, so that a run's config.yaml repeats the run."""
    if options.amp:
        config["amp"] = options.amp_level
    if options.load and not options.evaluate_only:
        config["load"] = options.load[0] if len(options.load) == 1 else options.load
    if options.val_interval is not None and "validation" not in config["dataset"]:
        print("--val-interval: this config has no dataset.validation; nothing is validated", file=sys.stderr)


def _processes(options: argparse.Namespace, config: dict[str, Any]) -> int:
    """How many processes `--nproc` asks for; PaddleGAN's batch sizes are those of one process."""
    from ppgen.compat.paddlegan_yaml import is_paddlegan
    from ppgen.config import read_yaml
    from ppgen.engine.processes import process_count

    loader = config.get("loader", {})
    if is_paddlegan(read_yaml(options.config_file)):
        return process_count(options.nproc, 0)
    return process_count(options.nproc, loader.get("batch_size", 4), loader.get("accumulate", 1))


def _run(options: argparse.Namespace, config: dict[str, Any]) -> int:
    from ppgen.engine.amp import Precision
    from ppgen.engine.assemble import build, describe
    from ppgen.engine.trainer import Trainer

    if options.evaluate_only and not (options.load or options.resume):
        raise ConfigError("--evaluate-only: name the weights to judge with --load W or --resume")
    output = Path(config["output_dir"]).expanduser()
    folder, source = _folder_and_source(options.resume, output, runs.run_name(options.config_file))
    if options.evaluate_only and source is None and not options.load:
        raise ConfigError(f"--evaluate-only --resume: there is no run of this config with a checkpoint in {output}")
    model, train, validation = build(config)
    trainer = Trainer(model, config, folder, train, validation, Precision(config.get("amp")), _profile(options, folder))
    if options.dry_run:
        describe(trainer)
        return 0
    start_from = options.load or config.get("load")
    if start_from and source is None:
        starts.load(trainer, start_from)
    if source == folder:
        for damaged in trainer.resume_newest():
            print(f"warning: {damaged}; going on from the one before it", file=sys.stderr, flush=True)
    elif source is not None:
        trainer.resume(source)
    if options.evaluate_only:
        if trainer.writes:
            print(json.dumps(trainer.evaluate(), indent=1))
        return 0
    return _train(trainer, source is not None, options.argv)


def _profile(options: argparse.Namespace, folder: Path) -> Any:
    from ppgen.engine import distributed
    from ppgen.engine.profile import Profile

    text = options.profiler_options
    return Profile(text, folder, watch=distributed.rank() == 0) if text else None


def _train(trainer: Any, resumed: bool, arguments: list[str]) -> int:
    from ppgen.engine.processes import STOPPED

    folder = trainer.folder
    trainer.run(started=lambda: runs.record_start(folder, trainer.config, trainer.step, resumed, arguments))
    if trainer.stopped_by is not None:
        if trainer.writes:
            print(f"{STOPPED} {trainer.stopped_by.name} at step {trainer.step}, checkpoint written; "
                  f"the same command with --resume {folder} goes on", flush=True)  # fmt: skip
        return 128 + trainer.stopped_by
    if trainer.writes:
        best = f", the best is {folder / 'best.safetensors'}" if trainer.best is not None else ""
        print(f"done: open {folder / 'index.html'}; the networks are in {folder / 'final'}{best}")
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
    old = runs.newest_run(output, name) if resume else None
    return (old, old) if old is not None else (runs.new_folder(output, name), None)
