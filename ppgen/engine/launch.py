"""From a command line to a training: read, override, validate, build, run."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from ppgen.errors import ConfigError, OutputError
from ppgen.io.atomic import write_text


def parser() -> argparse.ArgumentParser:
    """The options of `tools/main.py` and `ppgen train`."""
    result = argparse.ArgumentParser(prog="tools/main.py", description="Train or evaluate what a YAML names.")
    result.add_argument("-c", "--config-file", required=True, help="the YAML")
    result.add_argument(
        "-o", "--opt", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a key"
    )
    result.add_argument(
        "--resume",
        nargs="?",
        const="newest",
        metavar="DIR",
        help="go on from the newest run of this config, or from DIR",
    )
    result.add_argument("--load", metavar="W", help="start from a weights file or a checkpoint folder")
    result.add_argument("--evaluate-only", action="store_true", help="print the validation scores and stop")
    result.add_argument("--dry-run", action="store_true", help="build everything, print sizes, stop")
    result.add_argument(
        "--nproc", default="1", help="training processes, or auto: one a core, if the batch can be shared"
    )
    result.add_argument("--seed", type=int, help="takes the place of the YAML's")
    result.add_argument("--no-cuda", action="store_true", help="stay on the CPU")
    result.add_argument("--debug", action="store_true", help="show tracebacks")
    return result


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
    from ppgen.engine.schema import load_config

    config = load_config(options.config_file, options.opt, options.seed)

    from ppgen.device import select
    from ppgen.engine import distributed
    from ppgen.engine.processes import process_count, start_processes

    if distributed.world_size() == 1 and not (options.dry_run or options.evaluate_only):
        count = process_count(options.nproc, config.get("loader", {}).get("batch_size", 4))
        if count > 1:
            return start_processes(count, argv)
    select(prefer_gpu=not options.no_cuda)
    distributed.start()
    return _run(options, config)


def _build(config: dict[str, Any]) -> tuple[Any, Any, Any]:
    import paddle

    from ppgen.registry import DATASETS, MODELS

    datasets = {key: DATASETS.build(value) for key, value in config["dataset"].items()}
    if "epochs" in config:
        batch = config.get("loader", {}).get("batch_size", 4)
        config["total_iters"] = config.pop("epochs") * max(1, len(datasets["train"]) // batch)
    paddle.seed(config["seed"])
    return MODELS.build(config["model"]), datasets["train"], datasets.get("validation")


def _run(options: argparse.Namespace, config: dict[str, Any]) -> int:
    from ppgen.engine.trainer import Trainer
    from ppgen.io.weights import load_into

    name, output = Path(options.config_file).stem, Path(config["output_dir"])
    model, train, validation = _build(config)
    if options.evaluate_only and not (options.load or options.resume):
        raise ConfigError("--evaluate-only: name the weights to judge with --load W or --resume")
    folder, source = _folder_and_source(options.resume, output, name)
    trainer = Trainer(model, config, folder, train, validation)
    if options.dry_run:
        return _describe(trainer)
    if options.load:
        if Path(options.load).is_dir():
            trainer.load_weights(Path(options.load))
        else:
            for networks in (model.networks, trainer.smooth_networks()):
                load_into(networks[trainer.validate_settings.network], options.load)
    if source is not None:
        trainer.resume(source)
    if options.evaluate_only:
        print(json.dumps(trainer.evaluate(), indent=1))
        return 0
    if trainer.writes:
        _record(folder, config, trainer.step)
    print(
        f"{'going on from step ' + str(trainer.step) if source else 'starting at step 0'} in {folder}",
        flush=True,
    )
    trainer.run()
    if trainer.writes:
        print(f"done: {folder} holds log.jsonl, curves.png, samples/, checkpoints/ and best.safetensors")
    return 0


def _folder_and_source(resume: str | None, output: Path, name: str) -> tuple[Path, Path | None]:
    """(folder of the run, checkpoint to go on from)."""

    from ppgen.engine import checkpoint, distributed

    if resume not in (None, "newest"):
        given = Path(resume)
        given = given.parent.parent if given.parent.name == "checkpoints" else given
        found = checkpoint.newest(given / "checkpoints") if given == Path(resume) else Path(resume)
        if found is None or not found.is_dir():
            raise ConfigError(
                f"--resume {resume}: no checkpoint there (expected a run folder or one of its checkpoints/step_*)"
            )
        return given, found
    old = newest_run(output, name) if resume else None
    if old is not None:
        return old, checkpoint.newest(old / "checkpoints")
    now = distributed.agree(int(time.time()))  # one folder for all processes
    return output / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}", None


def _record(folder: Path, config: dict[str, Any], step: int) -> None:
    """The resolved config and, a line a start, what was run from which step."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror
        raise OutputError(
            f"{folder}: this folder cannot be made ({reason}); choose another with -o output_dir=…"
        ) from error
    write_text(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    history = folder / "history.jsonl"
    earlier = history.read_text() if history.is_file() else ""
    arguments = [os.path.relpath(word) if os.path.isabs(word) else word for word in sys.argv[1:]]
    now = {"step": step, "command": " ".join(["python tools/main.py", *arguments]), **_versions()}
    write_text(history, earlier + json.dumps(now) + "\n")


def _describe(trainer: Any) -> int:
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
