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
    runs = sorted(p for p in output_dir.glob(f"{name}-2*") if (p / "checkpoints" / "latest").is_file())
    return runs[-1] if runs else None


def _versions() -> dict[str, str]:
    import paddle

    import ppgen

    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
    return {
        "ppgen": ppgen.__version__, "paddle": paddle.__version__, "python": platform.python_version(),
        "commit": commit.stdout.strip() or "unknown", "command": " ".join(sys.argv),
    }  # fmt: skip


def _start_processes(count: int, argv: list[str]) -> int:
    """Run the same command in `count` processes through Paddle's launcher."""
    cleaned, skip = [], False
    for word in argv:
        if skip:
            skip = False
        elif word == "--nproc":
            skip = True
        elif not word.startswith("--nproc="):
            cleaned.append(word)
    package_root = str(Path(__file__).parents[2])  # the children run this ppgen, installed or not
    search = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        "FLAGS_paddle_num_threads": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": search,
    }
    logs = Path(os.environ.get("TMPDIR", "/tmp")) / f"ppgen-launch-{os.getpid()}"
    command = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", str(count), "--backend", "gloo",
               "--log_dir", str(logs), str(Path(__file__).with_name("worker.py")), *cleaned]  # fmt: skip
    return subprocess.run(command, env=environment).returncode


def process_count(wanted: str, batch_size: int) -> int:
    """`--nproc` as a number: auto takes one process a core, lowered until the batch can be shared."""
    from ppgen.device import cpu_count

    if wanted != "auto":
        if not wanted.isdigit() or int(wanted) < 1:
            raise ConfigError(f"--nproc {wanted}: expected a number from 1 up, or auto")
        return int(wanted)
    count = cpu_count()
    while batch_size % count:
        count -= 1
    return count


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

    if distributed.world_size() == 1 and not (options.dry_run or options.evaluate_only):
        count = process_count(options.nproc, config.get("loader", {}).get("batch_size", 4))
        if count > 1:
            return _start_processes(count, argv)
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
    if options.dry_run:
        return _describe(model, train, config)
    folder, source = _folder_and_source(options.resume, output, name)
    trainer = Trainer(model, config, folder, train, validation)
    if options.load:
        trainer.started_from = str(options.load)
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
        _record(folder, config)
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
    import paddle

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
    now = paddle.to_tensor([int(time.time())], dtype="int64")
    distributed.broadcast([now])  # all processes agree on the folder's name
    return output / f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now.item()))}", None


def _record(folder: Path, config: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: this folder cannot be made ({error.strerror}); choose another with -o output_dir=…"
        ) from error
    write_text(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    write_text(folder / "versions.json", json.dumps(_versions(), indent=1))


def _describe(model: Any, train: Any, config: dict[str, Any]) -> int:
    """What --dry-run prints."""
    import numpy as np

    from ppgen.datasets.stream import BatchStream

    batch_size = config.get("loader", {}).get("batch_size", 4)
    total = 0
    for name, network in model.networks.items():
        count = sum(int(np.prod(p.shape)) for p in network.parameters())
        total += count
        print(f"{name}: {type(network).__name__}, {count / 1e6:.2f} M parameters")
    print(f"memory for weights, gradients and Adam: about {total * 16 / 2**20:.0f} MiB, activations not counted")
    stream = BatchStream(train, batch_size, config["seed"])
    for key, value in stream.batch(0, ahead=0).items():
        print(
            f"batch.{key}: {value.dtype} {list(value.shape)}"
            if isinstance(value, np.ndarray)
            else f"batch.{key}: {len(value)} values"
        )
    stream.close()
    print(f"training samples: {len(train)}; steps: {config['total_iters']}")
    return 0
