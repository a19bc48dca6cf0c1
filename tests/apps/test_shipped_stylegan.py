"""The face models that ship: they draw faces, and StyleGAN2's needs no argument, the same ones every time."""

import cv2
import numpy as np
import pytest

from ppgen import hub
from ppgen.apps import StyleGANv2EditingPredictor, StyleGANv2Predictor
from ppgen.engine.publish import STARTS
from ppgen.faces.detect import find_dlib_faces
from ppgen.io.image import load_image
from ppgen.latent.seeds import latents_of

pytest.importorskip("dlib", reason="dlib is not installed")
NAME = StyleGANv2Predictor.shipped


@pytest.fixture(scope="module")
def predictor():
    return StyleGANv2EditingPredictor()


def detected(picture: np.ndarray) -> bool:
    large = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_CUBIC)
    return len(find_dlib_faces(cv2.copyMakeBorder(large, 64, 64, 64, 64, cv2.BORDER_REPLICATE), "drawn")) > 0


@pytest.mark.parametrize("name", [NAME, "stylegan-portraits-64"])
def test_a_face_detector_finds_faces_in_its_pictures(name):
    predictor = StyleGANv2Predictor(weight_path=name)
    pictures = predictor.draw(latents_of(list(range(16)), predictor.network.latent_dim), truncation=0.7).arrays
    assert sum(map(detected, pictures)) >= 15
    assert pictures.std(axis=0).mean() > 20  # and they are not one face


def test_no_argument_is_needed_and_a_seed_means_a_picture(tmp_path):
    found = [StyleGANv2Predictor(tmp_path / name, seed=233).run() for name in ("a", "b")]
    assert [path.name for path in found[0].paths] == ["sample.png", "sample_mixing_0.png", "sample_mixing_1.png"]
    for a, b in zip(found[0].paths, found[1].paths):
        assert (load_image(a) == load_image(b)).all()


def test_it_is_small_and_brings_its_mean_and_directions(predictor):
    assert hub.path_of(NAME).stat().st_size < 12e6
    assert np.abs(predictor.mean_w()).max() > 0
    assert {"Male", "Young", "Black_Hair", "Blond_Hair", "Dark_Skin", "sefa-1"} <= set(predictor.directions)
    judge = hub.load(STARTS / f"{NAME}_discriminator.safetensors")  # what a training goes on with
    assert judge.image_size == predictor.network.image_size
