"""Folders by the real networks: processes and Ray's actors draw what one process draws."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ppgen.apps.folders import Processes, Work, run_folder
from ppgen.io.image import load_image, save_image

WORK = {"predictor": "Photo2CartoonPredictor", "arguments": {}, "call": {"faces": "largest"}}


@pytest.fixture(scope="module")
def photos(tmp_path_factory, astronaut) -> Path:
    """The astronaut at eight sizes, and nobody."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(8):
        side = 300 + 20 * number
        Image.fromarray(astronaut).resize((side, side)).save(folder / f"p{number}.png")
    save_image(folder / "nobody.png", np.full((64, 64, 3), 255, np.uint8))
    return folder


def cartoons(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: load_image(path) for path in sorted(folder.glob("*_cartoon.png"))}


def entries(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "cartoon.log.jsonl").read_text().splitlines()]


def check_same(folder: Path, other: Path) -> None:
    ours, theirs = cartoons(folder), cartoons(other)
    assert list(ours) == list(theirs) == [f"p{number}_0_cartoon.png" for number in range(8)]
    for name in ours:
        assert np.abs(ours[name].astype(int) - theirs[name]).max() <= 2


@pytest.fixture(scope="module")
def by_one_process(photos, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("one")
    report = run_folder(Work(output=str(out), **WORK), [str(photos)])
    assert report.done == 8 and len(report.failures) == 1
    return out


@pytest.mark.slow
def test_processes_draw_the_same(photos, by_one_process, tmp_path):
    report = run_folder(Work(output=str(tmp_path), **WORK), [str(photos)], Processes(2, timeout=120))
    assert report.done == 8 and len(report.failures) == 1
    check_same(tmp_path, by_one_process)


def test_ray_draws_the_same_though_an_actor_is_killed(photos, by_one_process, tmp_path):
    ray = pytest.importorskip("ray")
    from ppgen.apps.folders.on_ray import RayActors

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    killed = []

    def kill_one() -> None:
        """SIGKILL to the actor that wrote the first line, while it draws another photo."""
        log = tmp_path / "cartoon.log.jsonl"
        while not log.exists() or not log.read_bytes().count(b"\n"):
            time.sleep(0.05)
        process = int(json.loads(log.read_text().splitlines()[0])["worker"].split(":")[1])
        os.kill(process, signal.SIGKILL)
        killed.append(process)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    try:
        report = run_folder(Work(output=str(tmp_path), **WORK), [str(photos)], RayActors(actors=2))
    finally:
        ray.shutdown()
    killer.join(timeout=5)
    assert killed and report.done == 8 and [text for text in report.failures if "nobody.png" not in text] == []
    assert [one["path"] for one in entries(tmp_path)] == sorted(str(path) for path in photos.iterdir())
    assert killed[0] not in {int(one["worker"].split(":")[1]) for one in entries(tmp_path)[-1:]}
    check_same(tmp_path, by_one_process)
    assert run_folder(Work(output=str(tmp_path), **WORK), [str(photos)]).skipped == 8
