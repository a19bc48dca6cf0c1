"""Results show themselves in a notebook, and print less than 1 KB."""

from __future__ import annotations

import importlib
import io
import pkgutil
import re

import numpy as np
import pytest
from PIL import Image

import ppgen.apps
import ppgen.faces
import ppgen.latent
from ppgen.apps import Photo2CartoonPredictor, StyleGANv2Predictor, TranslationPredictor
from ppgen.apps.drawings import Drawings
from ppgen.apps.stylegan2_model import Fitted
from ppgen.apps.vae import VAEResult
from ppgen.latent.attributes import Directions
from ppgen.latent.project import Projection
from ppgen.latent.w_plus import Latent

FACE = np.full((64, 64, 3), 7, np.uint8)


def size_of(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


@pytest.fixture(scope="module")
def report(astronaut, tmp_path_factory):
    return Photo2CartoonPredictor(tmp_path_factory.mktemp("drawn")).run_many([astronaut] * 2)


def test_a_cartoon_and_a_report_of_several(report):
    assert size_of(report.results[0]._repr_png_()) == (512, 256)  # the crop beside it
    assert "cartoon=<uint8 256x256x3>" in repr(report.results[0])
    assert repr(report) == "Report(results='2 drawn', failures=0)" and "2 of 2 pictures done" in report._repr_html_()
    assert all(len(repr(one)) < 1024 for one in (report, report.results, *report.results))


def test_a_result_whose_picture_was_not_kept_shows_none(astronaut, tmp_path):
    result = TranslationPredictor(tmp_path).run_many(astronaut, keep_pictures=False).results[0]
    assert result._repr_png_() is None and "picture=" not in repr(result) and len(repr(result)) < 1024


def test_projections_latents_samples_and_what_a_vae_made():
    latent = Latent(np.zeros((10, 128), np.float32), [np.zeros((1, 1, 4, 4))] * 9)
    projection = Projection(latent.w_plus[None], latent.noise, FACE[None], [{"step": 1.0, "loss": 2.0}] * 300)
    fitted = Fitted("me.jpg", FACE, FACE, latent, projection, ("small face",))
    vae = VAEResult("me.jpg", FACE, np.zeros(128), FACE, FACE, ())
    assert [size_of(one._repr_png_()) for one in (projection, fitted, vae)] == [(64, 64), (128, 64), (192, 64)]
    assert repr(Drawings(FACE[None])) == "Drawings(1 of 64x64)"
    assert all(len(repr(one)) < 1024 for one in (latent, projection, fitted, vae))


def test_sheets_of_samples_and_long_names(tmp_path):
    sheets = StyleGANv2Predictor(tmp_path, seed=1).run(1, 2)
    assert size_of(sheets._repr_png_()) == size_of((tmp_path / "sample.png").read_bytes())
    assert len(repr(sheets)) < 1024
    long = VAEResult("x" * 5000, FACE, np.zeros(1), FACE, FACE, ("w" * 900,) * 9)
    assert len(repr(long)) < 1024


def results() -> list[type]:
    """Every named tuple and dataclass with arrays that predictors, latent tools and the detectors of faces give."""
    found = []
    for package in (ppgen.apps, ppgen.latent, ppgen.faces):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for kind in vars(importlib.import_module(one.name)).values():
                if isinstance(kind, type) and kind.__module__ == one.name and not kind.__name__.startswith("_"):
                    fields = getattr(kind, "_fields", None) or getattr(kind, "__dataclass_fields__", ())
                    held = {re.sub(r"Callable\[.*", "", str(kind.__annotations__.get(name))) for name in fields}
                    found += [kind] if any(re.search("ndarray|Styles", text) for text in held) else []
    return found


@pytest.mark.parametrize("kind", results(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_result_prints_over_a_kilobyte(kind):
    names = getattr(kind, "_fields", None) or [name for name, one in kind.__dataclass_fields__.items() if one.init]
    one = kind(**{name: np.zeros((30, 30)) for name in names})  # NumPy itself shortens what is larger
    assert len(repr(one)) < 1024 and len(repr([one, one])) < 1024
    assert len(repr(Directions({f"direction {number}": np.zeros(512) for number in range(40)}))) < 1024
