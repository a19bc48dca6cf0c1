"""From the options of a command line to a training that runs: read, override, validate, build, run."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from ppgen.config import apply_overrides, read_yaml
from ppgen.datasets.files import data_root, is_starter
from ppgen.device import keep_memory, select
from ppgen.engine import checkpoint, distributed, runs, starts
from ppgen.engine.assemble import build_trainer, describe
from ppgen.engine.processes import process_count, start_processes
from ppgen.engine.profile import Profile, parse_options
from ppgen.engine.runs import overrides_of
from ppgen.engine.schema import folders_of, load_config
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.errors import ConfigError
from ppgen.io.terminal import say, show
from ppgen.tree.stages import check_stages
from ppgen.tree.train import newest_tree, run_tree


def start(options: argparse.Namespace) -> int:
    """Do what the options of `launch.parser` say; returns the exit code."""
    if options.profiler_options:
        parse_options(options.profiler_options)  # its faults are known before anything is built
    config = _config(options)
    if distributed.world_size() == 1:
        batch = 0 if config.batch_is_per_process else config.loader.batch_size
        count = process_count(options.nproc, batch, config.loader.accumulate)
        if count > 1 and not (options.dry_run or options.evaluate_only):
            return start_processes(Path(__file__).with_name("worker.py"), count, options.argv)
    on_cpu = select(prefer_gpu=not options.no_cuda) == "cpu"
    if on_cpu:
        keep_memory()
    distributed.start()
    if distributed.rank() == 0:
        _say_first(config, on_cpu)
    return run_tree(options, config) if config.stages else _run(options, config)


def _say_first(config: TrainingConfig, on_cpu: bool) -> None:
    """What whoever starts this training should know before it takes hours."""
    names = {Path(name).parts[0] for name in folders_of(config.dataset).values() if is_starter(name)}
    for name in sorted(names):
        say(f"{data_root(name)}: made by `ppgen data starter`, a start and not a dataset")
    if on_cpu and config.on_cpu:
        say(f"on a CPU {config.on_cpu}")


def _config(options: argparse.Namespace) -> TrainingConfig:
    """Flags that change what is learnt go into the config, so that a run's config.yaml repeats the run.

    A run that goes on keeps what its starts said with -o, and its seed.
    """
    overrides = options.opt
    if options.val_interval is not None:
        overrides = [*overrides, f"validate.interval={options.val_interval}"]
    if options.config_file is None:
        config_file = _run_folder(options.resume) / "config.yaml"
        if not config_file.is_file():
            raise _no_run(options.resume, "run")
        options.config_file = str(config_file)
    seed, folder = options.seed, _earlier(options, overrides)
    earlier = read_yaml(folder / "config.yaml") if folder is not None and (folder / "config.yaml").is_file() else {}
    said: list[str] = []
    if folder is not None and earlier:
        said, seed = overrides_of(folder), earlier.get("seed") if seed is None else seed
        if Path(options.config_file).resolve() != (folder / "config.yaml").resolve():  # which says all of it
            if said and distributed.world_size() == 1:  # of several processes, the one that starts them says it
                say(f"as {folder} began: -o {' '.join(said)}")
            overrides = _together(said, overrides)
    config = load_config(options.config_file, overrides, seed, checks={"stages": check_stages})
    config = replace(config, overrides=tuple(_together(said, overrides)))
    if config.amp is None and earlier.get("amp") in ("O1", "O2"):
        config = replace(config, amp=earlier["amp"])
    if options.val_interval is not None and "validation" not in config.dataset:
        say("--val-interval: this config has no dataset.validation; nothing is validated", aside=True)
    if options.amp:
        config = replace(config, amp=options.amp_level)
    if options.load and not options.evaluate_only:
        config = replace(config, load=options.load)
    return config


def _together(first: list[str], then: list[str]) -> list[str]:
    """Both, nothing twice; what is said last holds."""
    return list(dict.fromkeys(reversed([*first, *then])))[::-1]


def _run_folder(resume: str) -> Path:
    """Of a run folder or one of its checkpoints."""
    given = Path(resume).expanduser()
    return given.parent.parent if given.parent.name == "checkpoints" else given


def _no_run(resume: str, what: str) -> ConfigError:
    return ConfigError(f"--resume {resume}: no {what} there (expected a run folder or one of its checkpoints/step_*)")


def _earlier(options: argparse.Namespace, overrides: list[str]) -> Path | None:
    """The folder of the run to go on with, where there is one."""
    if options.resume not in (None, "newest"):
        return _run_folder(options.resume)
    if options.resume is None:
        return None
    settings = apply_overrides(read_yaml(options.config_file), overrides)  # what is wrong with it is said later
    output, name = Path(str(settings.get("output_dir", "runs"))).expanduser(), runs.run_name(options.config_file)
    return newest_tree(output, name) if settings.get("stages") else runs.newest_run(output, name)


def _run(options: argparse.Namespace, config: TrainingConfig) -> int:
    if options.evaluate_only and not (options.load or options.resume):
        raise ConfigError("--evaluate-only: name the weights to judge with --load W or --resume")
    output = Path(config.output_dir).expanduser()
    folder, source = _folder_and_source(options.resume, output, runs.run_name(options.config_file))
    if options.evaluate_only and source is None and not options.load:
        raise ConfigError(f"--evaluate-only --resume: there is no run of this config with a checkpoint in {output}")
    text = options.profiler_options
    trainer = build_trainer(config, folder, Profile(text, folder, watch=distributed.rank() == 0) if text else None)
    if options.dry_run:
        describe(trainer)
        return 0
    if options.resume and source is None and distributed.rank() == 0:
        say(f"no earlier run of {runs.run_name(options.config_file)} with a checkpoint in {output}")
    start_from = options.load or config.load
    if start_from and source is None:
        starts.load(trainer, start_from)
    if source == folder:
        runs.resume_newest(trainer.snapshot)
    elif source is not None:
        trainer.snapshot.resume(source)
    if options.evaluate_only:
        if trainer.writes:
            show(json.dumps(trainer.evaluate(), indent=1))
        return 0
    if source == folder and trainer.step >= trainer.config.total_iters:
        done = f"{trainer.step} of {trainer.config.total_iters} steps are done"
        say(f"{folder}: is finished, {done}; nothing is left to do (-o total_iters=… makes it longer)")
        return 0
    return _train(trainer, source is not None, options.argv)


def _train(trainer: Trainer, resumed: bool, arguments: list[str]) -> int:
    folder = trainer.folder
    trainer.run(started=lambda: runs.record_start(folder, trainer.config, trainer.step, resumed, arguments))
    if trainer.stopped_by is not None:
        return runs.say_stopped(trainer.stopped_by, trainer.step, folder)
    if trainer.writes:
        best = f", the best is {folder / 'best.safetensors'}" if trainer.snapshot.best is not None else ""
        say(f"done: open {folder / 'index.html'}; the networks are in {folder / 'final'}{best}")
    return 0


def _folder_and_source(resume: str | None, output: Path, name: str) -> tuple[Path, Path | None]:
    """(folder of the run, what to go on from: that folder for its newest checkpoint, one checkpoint, or None)."""
    if resume not in (None, "newest"):
        given = Path(resume).expanduser()
        if given.parent.name == "checkpoints" and given.is_dir():
            return given.parent.parent, given
        if checkpoint.newest(given / "checkpoints") is None:
            raise _no_run(resume, "checkpoint")
        return given, given
    old = runs.newest_run(output, name) if resume else None
    return (old, old) if old is not None else (runs.new_folder(output, name), None)
