"""Does everything work on a graphics card, and how fast? For whoever has one: `make gpu`, at most ten minutes.

    python benchmarks/gpu.py [--device gpu|cpu] [--only NAME ...] [--out output/gpu.json]

Each check runs in a process of its own, so that one that crashes costs no other. Pictures to train on are drawn by the
shipped generator, no dataset is needed. Checks: two steps of each family of networks, with the losses of the same two
steps on the CPU; half precision (O1, O2); a training that is stopped and resumed; StyleGAN2 at 1024 pixels; the cartoon
that the predictor draws. "apart" is the largest relative difference of a loss, or the largest absolute one of pictures
in [-1, 1], from the CPU's. Prints a table to paste. Exit code 1 where a check fails. `--device cpu` tries the checks
themselves where there is no card.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import harness
from harness import OUT, ROOT, Figures, Namespace, Result, argument, benchmark

import numpy as np
import paddle

from ppgen import hub
from ppgen.device import half_precision, select
from ppgen.engine.assemble import build_trainer
from ppgen.engine.schema import load_config
from ppgen.engine.trainer import Trainer
from ppgen.errors import DataError, PPGenError
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import save_image, to_uint8
from ppgen.latent.seeds import latents

APART = 0.02  # of a loss after two steps: convolutions sum in another order
MORE = 8  # further steps, timed
SECONDS, WHOLE = 240, 600  # that a check may take, and all of them
PICTURES = 24

_FACES = "dataset={{train: {{name: ImageFolder, dataroot: faces, size: {size}{more}}}}}"
_PAIRS = "dataset={{train: {{name: PortraitCartoons, dataroot: portraits, size: {size}, paired: {paired}}}}}"
_PORTRAITS = "dataset={{train: {{name: Portraits, dataroot: portraits, size: {size}}}}}"


class Family(NamedTuple):
    """A config, and the data that stands in for its own."""

    config: str
    data: str
    overrides: tuple[str, ...] = ()


def _grey(size: int) -> str:
    return _FACES.format(size=size, more=", grayscale: true")


def _colour(size: int) -> str:
    return _FACES.format(size=size, more="")


FAMILIES = {
    "GAN": Family("gan_mnist", _grey(28)),
    "DCGAN": Family("dcgan_faces64", _colour(64)),
    "LSGAN": Family("lsgan_faces64", _colour(64)),
    "WGAN": Family("wgan_faces64", _colour(64)),
    "WGAN-GP": Family("wgan_gp_faces64", _colour(64)),
    "VAE": Family("vae_faces64", _colour(64)),
    "PGGAN": Family("pggan_faces64", _colour(64)),
    "StyleGAN": Family("stylegan_faces64", _colour(64)),
    "StyleGAN2, ADA": Family("styleganv2_nobody_64", _colour(64)),
    "StyleGAN2, encoder": Family("pixel2style2pixel_128", _colour(128)),
    "pix2pix": Family("pix2pix_portraits", _PAIRS.format(size=128, paired="true")),
    "CycleGAN": Family("cyclegan_portraits", _PAIRS.format(size=64, paired="false")),
    "U-GAT-IT light": Family("ugatit_portraits_64", _PAIRS.format(size=64, paired="false")),
    "Photo2Cartoon, Face ID": Family("ugatit_photo2cartoon_64", _PAIRS.format(size=64, paired="false")),
    "Photo2Cartoon, paired": Family("photo2cartoon_paired_128", _PORTRAITS.format(size=128)),
}
HALF = ("DCGAN", "StyleGAN2, ADA")


# ---- data ------------------------------------------------------------------------------------------------


def write_data(root: Path) -> None:
    """`faces/` and `portraits/`, drawn by the shipped generator."""
    generator = hub.load(hub.FACES)
    with paddle.no_grad():
        drawn = generator.generate(paddle.to_tensor(latents(0, PICTURES, generator.latent_dim)), truncation=0.7)
    pictures = to_uint8(drawn.clip(-1, 1).numpy()).repeat(2, axis=1).repeat(2, axis=2)
    rows, points = ["id,gender,age_group,has_glasses,tone_hint,has_cartoon,suspect"], typical_landmarks()
    y, x = np.mgrid[0:256, 0:256]
    mask = np.where((x - 128) ** 2 + (y - 140) ** 2 < 110**2, 255, 0).astype(np.uint8)
    for number, picture in enumerate(pictures):
        name = f"nobody{number:03d}"
        save_image(root / "faces" / f"{name}.png", picture)
        save_image(root / "portraits" / "photo" / f"{name}.jpg", picture)
        save_image(root / "portraits" / "mask" / f"{name}.png", mask)
        save_image(root / "portraits" / "cartoon" / f"{name}.png", picture // 64 * 64 + 32)
        rows.append(f"{name},F,young,0,light,1,0")
    (root / "portraits" / "meta.csv").write_text("\n".join(rows) + "\n")
    ids = np.array([f"nobody{number:03d}" for number in range(PICTURES)])
    np.savez(root / "portraits" / "landmarks.npz", ids=ids, p68=np.stack([points] * PICTURES).astype(np.float32))


# ---- checks: each returns figures, and arrays to be held against the CPU's --------------------------------

Found = tuple[Figures, dict[str, np.ndarray]]


def trainer_of(family: Family, folder: Path, total: int, *more: str, amp: str | None = None) -> Trainer:
    """A training of a few steps."""
    quiet = [f"total_iters={total}", "loader.workers=1", f"output_dir={folder}", "validate.metric={}"]
    overrides = [*quiet, family.data, *family.overrides, *more, *([f"amp={amp}"] if amp else [])]
    return build_trainer(load_config(str(ROOT / "configs" / f"{family.config}.yaml"), overrides), folder)


def two_steps(name: str, folder: Path, shared: Path) -> Found:
    """The losses of two steps from the CPU's initial weights, and pictures a second of further ones."""
    trainer, start = trainer_of(FAMILIES[name], folder, 2 + MORE), shared / f"{slug(name)}.npz"
    arrays = {f"{net}/{key}": value for net, network in trainer.model.networks.items()
              for key, value in network.state_dict().items()}  # fmt: skip
    if start.is_file():
        with np.load(start) as kept:
            for key, value in arrays.items():
                value.set_value(kept[key])
    else:
        np.savez(start, **{key: value.numpy() for key, value in arrays.items()})
    trainer.run(until=2)
    losses = last_losses(trainer)
    started = time.perf_counter()
    trainer.run(until=2 + MORE)
    seconds = time.perf_counter() - started
    batch = trainer.config.loader.batch_size
    return {"images/s": round(MORE * batch / seconds, 2)}, losses


def last_losses(trainer: Trainer) -> dict[str, np.ndarray]:
    """Of the newest line of the log."""
    row = json.loads((trainer.folder / "log.jsonl").read_text().splitlines()[-1])
    told = {key: np.array(value) for key, value in row.items() if isinstance(value, float) and key not in _NO_LOSS}
    return {key: value for key, value in told.items() if not key.startswith(("norm_", "d_"))}


_NO_LOSS = ("images_per_second", "wait_share", "hours", "peak_memory_gb", "rate_factor", "eta_hours")


def half(name: str, level: str, folder: Path) -> Found:
    """Two steps in half precision: finite, or the trainer says so."""
    trainer = trainer_of(FAMILIES[name], folder, 2, amp=level)
    trainer.run()
    return {"note": half_precision()}, {}


def resumed(folder: Path) -> Found:
    """Four steps against two and, from the checkpoint, two more."""
    weights = []
    for name, stops in (("whole", (4,)), ("parts", (2, 4))):
        for until in stops:
            trainer = trainer_of(FAMILIES["DCGAN"], folder / name, 4, "checkpoint.interval=2")
            if until > 2 and len(stops) > 1:
                trainer.snapshot.resume_newest()
            trainer.run(until=until)
        weights.append({f"{net}/{key}": value.numpy() for net, network in trainer.model.networks.items()
                        for key, value in network.state_dict().items()})  # fmt: skip
    apart = max(float(np.abs(weights[0][key] - weights[1][key]).max()) for key in weights[0])
    return {"note": "equal to the last bit" if apart == 0 else f"weights {apart:.1e} apart", "fails": apart > 1e-3}, {}


def large(side: int) -> Found:
    """StyleGAN2, configuration F's widths."""
    from ppgen.networks.stylegan2_generator import StyleGAN2Generator

    paddle.seed(0)
    network = StyleGAN2Generator(side)
    network.eval()
    rng = np.random.default_rng(0)
    for value in network.state_dict().values():
        value.set_value(rng.standard_normal(value.shape, dtype=np.float32) * min(1.0, float(value.std()) or 1.0))
    z = paddle.to_tensor(latents(0, 1, network.latent_dim))
    with paddle.no_grad():
        picture = network.generate(z).numpy()
        started = time.perf_counter()
        for _ in range(3):
            network.generate(z).numpy()
    return {"images/s": round(3 / (time.perf_counter() - started), 2)}, {"picture": picture / np.abs(picture).max()}


def cartoon() -> Found:
    """A portrait through the network that the predictor draws with."""
    from skimage.data import astronaut

    from ppgen.apps import Photo2CartoonPredictor

    with tempfile.TemporaryDirectory() as folder:
        predictor = Photo2CartoonPredictor(folder)
        drawn = predictor.run(astronaut())
        started = time.perf_counter()
        predictor.run(astronaut())
    assert isinstance(drawn, np.ndarray)
    rate = round(1 / (time.perf_counter() - started), 2)
    return {"images/s": rate}, {"picture": drawn.astype(np.float32) / 127.5 - 1}


def checks(folder: Path, shared: Path) -> dict[str, Callable[[], Found]]:
    """All, by name."""
    found: dict[str, Callable[[], Found]] = {"Photo2CartoonPredictor": cartoon}
    for name in FAMILIES:
        found[f"train {name}"] = lambda name=name: two_steps(name, folder, shared)  # type: ignore[misc]
    for name in HALF:
        for level in ("O1", "O2"):
            found[f"AMP {level} {name}"] = lambda name=name, level=level: half(name, level, folder)  # type: ignore[misc]
    found["resume"] = lambda: resumed(folder)
    found["StyleGAN2 1024"] = lambda: large(1024)
    return found


# ---- processes -------------------------------------------------------------------------------------------


def slug(name: str) -> str:
    """A name as a file has it."""
    return "".join(c if c.isalnum() else "_" for c in name.lower())


def run_one(name: str, device: str, shared: Path) -> None:
    """One check in this process; its figures and arrays go into `shared`."""
    chosen = select(prefer_gpu=device == "gpu")
    if device == "gpu" and not chosen.startswith("gpu"):
        raise DataError("this Paddle sees no graphics card: install its GPU build, and look at `nvidia-smi`")
    with tempfile.TemporaryDirectory() as folder:
        figures, arrays = checks(Path(folder) / "run", shared)[name]()
    np.savez(shared / f"{device}_{slug(name)}.npz", **arrays)
    (shared / f"{device}_{slug(name)}.json").write_text(json.dumps(figures))


def start_one(name: str, device: str, shared: Path, until: float) -> str:
    """One check in a process of its own, `until` this time; "", or what was said last where it failed."""
    command = [sys.executable, __file__, "--one", name, "--device", device, "--shared", str(shared)]
    environment = {**os.environ, "PPGEN_DATA": str(shared / "data"), "PPGEN_RUNTIME": "eager"}
    seconds = min(SECONDS, until - time.monotonic())
    if seconds <= 0:
        return f"not tried, as {WHOLE} s were over; --only tries some"
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"took more than the {seconds:.0f} s that it had"
    said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
    return "" if done.returncode == 0 else f"exit code {done.returncode}: {said[:160]}"


def apart(one: Path, other: Path) -> float | None:
    """The largest difference of two files of arrays; None: they hold none."""
    with np.load(one) as a, np.load(other) as b:
        gaps = [np.abs(a[key] - b[key]).max() / (max(1.0, np.abs(b[key]).max()) if a[key].ndim == 0 else 1)
                for key in a.files if key in b.files]  # fmt: skip
    return float(max(gaps)) if gaps else None


def judge(name: str, device: str, shared: Path, until: float) -> Figures:
    """A row of the table: the check on the device, and beside it on the CPU where that says something."""
    row: Figures = {"check": name}
    compares = name.startswith(("train", "Photo2Cartoon", "StyleGAN2"))
    said = start_one(name, "cpu", shared, until) if compares else ""
    fault = said and f"on the CPU: {said}" or start_one(name, device, shared, until)
    if fault:
        return row | {"passed": False, "note": fault}
    figures = json.loads((shared / f"{device}_{slug(name)}.json").read_text())
    row |= {"images/s": figures.get("images/s"), "note": figures.get("note", "")}
    gap = apart(*(shared / f"{where}_{slug(name)}.npz" for where in (device, "cpu"))) if compares else None
    return row | {"apart": gap, "passed": not figures.get("fails") and (gap is None or gap <= APART)}


def card() -> str:
    """The graphics card's name; "none"."""
    has = paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count()
    return paddle.device.cuda.get_device_name() if has else "none"


@benchmark(
    __doc__,
    argument("--device", choices=["gpu", "cpu"], default="gpu"),
    argument("--only", nargs="+", default=[], metavar="NAME", help="these checks, by the start of their names"),
    argument("--one", help="(for the processes that it starts)"),
    argument("--shared", type=Path, help="(likewise)"),
    OUT,
)
def main(options: Namespace) -> Result:
    if options.one:
        run_one(options.one, options.device, options.shared)
        return Result(text="done")
    if options.device == "gpu" and not select().startswith("gpu"):
        raise PPGenError("this Paddle sees no graphics card; --device cpu tries the checks themselves")
    rows, until = [], time.monotonic() + WHOLE
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder)
        every = checks(shared, shared)
        chosen = [name for name in every if name.startswith(tuple(options.only or [""]))]
        if not chosen:
            raise DataError(f"--only {' '.join(options.only)}: begins no check's name; there are {'; '.join(every)}")
        write_data(shared / "data")
        for name in chosen:
            rows.append(judge(name, options.device, shared, until))
            print(f"{name}: {'ok' if rows[-1]['passed'] else rows[-1]['note'] or 'FAILED'}", flush=True)
    figures = {"paddle": paddle.__version__, "device": options.device, "card": card(), "checks": rows}
    return Result(figures, all(row["passed"] for row in rows), harness.report(figures))
