"""The shipped configs of image translation: valid, and what their comments say."""

from __future__ import annotations

import pytest
from conftest import ROOT

from ppgen.engine.schema import load_config
from ppgen.engine.settings import ScheduleSettings, TrainingConfig
from ppgen.registry import MODELS

NAMES = (
    "pix2pix_portraits", "cyclegan_portraits", "ugatit_light", "ugatit", "ugatit_photo2cartoon",
    "ugatit_photo2cartoon_64",
)  # fmt: skip


def config(name: str) -> TrainingConfig:
    return load_config(str(ROOT / "configs" / f"{name}.yaml"), [], need_data=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_network_of_the_recipe_has_its_optimizer(name):
    found = config(name)
    for part in found.model.values():  # narrower, so that it is built in no time
        if isinstance(part, dict):
            part["base_channels"] = 4
    model = MODELS.build(found.model)
    assert set(found.optimizer) == set(model.networks)
    assert found.validate.network in model.networks
    assert found.schedule == ScheduleSettings("linear", start=0.5)


def test_the_full_network_differs_in_its_style_only():
    light, full = config("ugatit_light"), config("ugatit")
    assert light.model["generator"].pop("light") and not full.model["generator"].pop("light")
    assert light.model == full.model


def test_unpaired_photo2cartoon_learns_from_face_id():
    for name, landmarks in (("ugatit_photo2cartoon", "typical"), ("ugatit_photo2cartoon_64", "given")):
        model = config(name).model
        assert model["face_weight"] > 0 and model["landmarks"] == landmarks
