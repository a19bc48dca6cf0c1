"""PaddleGAN's YAML files load unchanged: what they become, what is refused, and that it trains."""

from __future__ import annotations

import copy
import gzip
from pathlib import Path

import numpy as np
import paddle
import pytest
import yaml

import ppgen.models
from ppgen.cli.launch import main
from ppgen.compat.names import MODEL_NAMES
from ppgen.compat.paddlegan_yaml import is_paddlegan, translate
from ppgen.config import apply_overrides, read_yaml
from ppgen.engine.optimizers import build_optimizer
from ppgen.engine.schema import faults_of
from ppgen.engine.settings import ScheduleSettings, TrainingConfig
from ppgen.engine.trainer import Trainer
from ppgen.errors import ConfigError
from ppgen.io.image import save_image
from ppgen.losses.adversarial import objective
from ppgen.registry import DATASETS, MODELS

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "tests" / "data" / "paddlegan"
NAMES = (
    "dcgan_mnist", "cond_dcgan_mnist", "wgan_mnist", "pix2pix_facades", "pix2pix_cityscapes",
    "pix2pix_cityscapes_2gpus", "cyclegan_cityscapes", "cyclegan_horse2zebra", "ugatit_photo2cartoon",
    "ugatit_selfie2anime_light", "stylegan_v2_256_ffhq",
)  # fmt: skip

# Overrides in PaddleGAN's words that make a config of each family small enough to train two steps in seconds.
_SIDE = [f"dataset.{part}.preprocess.2.pipeline.0.size=[32, 32]" for part in ("train", "test")]
_CROP = ["dataset.train.preprocess.2.pipeline.1.size=[32, 32]"]
SMALL = {
    "dcgan_mnist": ["model.generator.ngf=4", "model.discriminator.ndf=4", "dataset.train.batch_size=4"],
    "cond_dcgan_mnist": ["model.generator.ngf=4", "model.discriminator.ndf=4", "dataset.train.batch_size=4"],
    "wgan_mnist": ["model.generator.ngf=4", "model.discriminator.ndf=4", "dataset.train.batch_size=4"],
    "pix2pix": ["model.generator.ngf=4", "model.discriminator.ndf=4", "model.generator.num_downs=5", *_SIDE, *_CROP],
    "cyclegan": ["model.generator.ngf=4", "model.discriminator.ndf=4", "model.generator.n_blocks=1", *_SIDE, *_CROP],
    "ugatit": [
        "model.generator.ngf=4", "model.generator.n_blocks=1", "model.discriminator_g.ndf=4",
        "model.discriminator_l.ndf=4", "model.discriminator_g.n_layers=4", "model.discriminator_l.n_layers=3",
        "model.generator.img_size=32", *_SIDE, *_CROP,
    ],
    "stylegan_v2": [
        "model.generator.size=16", "model.discriminator.size=16", "model.generator.style_dim=16",
        "model.num_style_feat=16", "model.generator.channel_multiplier=0.05",
        "model.discriminator.channel_multiplier=0.05", "model.params.gen_iters=2", "model.params.disc_iters=2",
    ],
}  # fmt: skip


def theirs(name: str) -> dict:
    return read_yaml(FILES / f"{name}.yaml")


def small(name: str, *more: str) -> dict:
    overrides = next(value for family, value in SMALL.items() if name.startswith(family))
    return apply_overrides(theirs(name), [*overrides, "snapshot_config.interval=1", *more])


def changed(name: str, *overrides: str) -> dict:
    return translate(apply_overrides(theirs(name), list(overrides)))


def here(config: dict) -> dict:
    """The config; a skip that names the model where it is missing."""
    name = config["model"]["name"]
    if name not in MODELS.names():
        pytest.skip(f"missing here: the model {name}")
    return config


def refused(config: dict) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        translate(config)
    return str(caught.value).split("\n")


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in NAMES:
        for part in translate(theirs(name))["dataset"].values():
            for key in (k for k in part if k.startswith("dataroot")):
                folder = root / part[key]
                folder.mkdir(parents=True, exist_ok=True)
                side = 16 if "ffhq" in part[key] else 40
                for number in range(4):  # as many as KID needs
                    width = 2 * side if part["name"] == "PreprocessedPairs" else side
                    save_image(folder / f"{number}.png", rng.integers(0, 256, (side, width, 3), dtype=np.uint8))
    (root / "mnist").mkdir()
    write_idx(root / "mnist" / "train-images-idx3-ubyte.gz", rng.integers(0, 256, (8, 28, 28), dtype=np.uint8))
    write_idx(root / "mnist" / "train-labels-idx1-ubyte.gz", np.arange(8, dtype=np.uint8))
    return root


@pytest.fixture
def data(pictures, monkeypatch) -> Path:
    """A data folder with a few pictures wherever one of the files looks for some."""
    monkeypatch.setenv("PPGEN_DATA", str(pictures))
    return pictures


# ---- all of them -------------------------------------------------------------------------------------------


def test_every_file_is_here_and_every_model_it_names():
    assert sorted(path.stem for path in FILES.glob("*.yaml")) == sorted(NAMES)
    wanted = {name: translate(theirs(name))["model"]["name"] for name in NAMES}
    missing = {name: model for name, model in wanted.items() if model not in MODELS.names()}
    assert missing == {}, f"missing here: {missing}"


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_the_checks_of_our_own_configs(name, data):
    config = here(translate(theirs(name)))
    assert faults_of(config) == []
    assert not is_paddlegan(config)  # a run's config.yaml is ours
    assert yaml.safe_load(yaml.safe_dump(config)) == config


@pytest.mark.parametrize("name", NAMES)
def test_it_builds(name, data, tmp_path):
    config = here(translate(small(name, "total_iters=2")))
    assert faults_of(config) == []
    datasets = {key: DATASETS.build(value) for key, value in config["dataset"].items()}
    model = MODELS.build(config["model"])
    Trainer(model, TrainingConfig.of(config), tmp_path / "run", datasets["train"], datasets["validation"])
    assert (
        set(model.networks)
        == set(config["optimizer"])
        == set(MODEL_NAMES[theirs(name)["model"]["name"]].networks.values())
    )
    sample = datasets["train"].sample(0, np.random.default_rng(0))
    for key in {"image", "a", "b"} & sample.keys():
        assert sample[key].dtype == np.float32 and -1 <= sample[key].min() < -0.9 and 0.9 < sample[key].max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["dcgan_mnist", "cond_dcgan_mnist", "wgan_mnist", "pix2pix_facades", "cyclegan_cityscapes",
     "ugatit_photo2cartoon", "ugatit_selfie2anime_light", "stylegan_v2_256_ffhq"],
)  # fmt: skip
def test_it_trains(name, data, tmp_path):
    config = small(name)
    here(translate(config))
    config.pop("total_iters", None)
    config |= {"epochs": 1, "output_dir": str(tmp_path / "runs")}
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config))
    assert main(["-c", str(tmp_path / f"{name}.yaml"), "--no-cuda", "-o", "log_config.interval=1"]) == 0
    run = next((tmp_path / "runs").glob(f"{name}-*"))
    steps = 2 if "mnist" in name else 1 if name.startswith("stylegan") else 4
    assert [p.name for p in (run / "checkpoints").glob("step_*")] == [f"step_{steps:08d}"]
    assert main(["-c", str(run / "config.yaml"), "--no-cuda", "--dry-run"]) == 0


# ---- what is said ------------------------------------------------------------------------------------------


def test_dcgan_in_our_words():
    config = translate(theirs("dcgan_mnist"))
    assert config["epochs"] == 200 and "total_iters" not in config and config["output_dir"] == "output_dir"
    assert config["model"] == {
        "name": "GAN",
        "generator": {
            "name": "DCGANGenerator", "latent_dim": 100, "out_channels": 1, "base_channels": 64, "norm": "batch",
        },
        "discriminator": {"name": "DCGANDiscriminator", "in_channels": 1, "base_channels": 64, "norm": "batch"},
        "objective": "vanilla",
        "generator_every": 1,
    }  # fmt: skip
    assert config["loader"] == {"batch_size": 128, "workers": 1}
    adam = {"name": "Adam", "learning_rate": 0.0002, "beta1": 0.5}
    assert config["optimizer"] == {"generator": adam, "discriminator": adam}
    assert config["log"] == {"interval": 100, "visual_interval": 500}
    assert config["checkpoint"] == {"interval_epochs": 5}
    assert config["dataset"]["train"]["name"] == "VisionImages"
    assert config["dataset"]["train"].keys() == {"name", "dataset_name", "return_label", "transforms"}


def test_the_config_given_is_not_changed():
    for name in NAMES:
        config = theirs(name)
        before = copy.deepcopy(config)
        translate(config)
        assert config == before


def test_objectives_and_weights():
    assert translate(theirs("wgan_mnist"))["model"]["generator_every"] == 5
    pairs = translate(theirs("pix2pix_facades"))["model"]
    assert (pairs["l1_weight"], pairs["adversarial_weight"], pairs["objective"]) == (100, 1, "vanilla")
    domains = translate(theirs("cyclegan_horse2zebra"))["model"]
    assert (domains["cycle_weight"], domains["identity_weight"], domains["adversarial_weight"]) == (10, 5, 2)
    without = theirs("cyclegan_horse2zebra")
    del without["model"]["idt_criterion"]
    assert translate(without)["model"]["identity_weight"] == 0
    attention = changed("ugatit_photo2cartoon", "model.l1_criterion.loss_weight=2", "model.adv_weight=0.5")["model"]
    weights = {key: value for key, value in attention.items() if key.endswith("weight")}
    assert weights == {"cycle_weight": 100, "identity_weight": 20, "adversarial_weight": 1, "cam_weight": 1000}
    style = changed("stylegan_v2_256_ffhq", "model.mixing_prob=0.5", "model.path_batch_shrink=4")["model"]
    assert (style["r1_every"], style["path_every"], style["mixing"], style["path_shrink"]) == (16, 4, 0.5, 4)
    assert style["augment"] == "none"


@pytest.mark.parametrize("mode", ["vanilla", "lsgan", "wgan", "hinge"])
def test_losses_times_their_factors_are_paddlegans(mode):
    """Its GANLoss: BCE with logits or MSE against 1 and 0, or means; `vanilla` and `lsgan` take half of both terms."""
    real, fake = (paddle.to_tensor(np.random.default_rng(s).normal(size=(4, 1)).astype(np.float32)) for s in (0, 1))
    functional = paddle.nn.functional

    def gan_loss(x, target):
        if mode in ("wgan", "hinge"):
            return -x.mean() if target else x.mean()
        loss = functional.binary_cross_entropy_with_logits if mode == "vanilla" else functional.mse_loss
        return loss(x, paddle.full_like(x, target))

    half = 0.5 if mode in ("vanilla", "lsgan") else 1.0
    decays = {"optimizer.optimizer_G.weight_decay": 1.0, "optimizer.optimizer_D.weight_decay": 1.0}
    config = changed(
        "dcgan_mnist", f"model.gan_criterion.gan_mode={mode}", "model.gan_criterion.loss_weight=3",
        *(f"{key}={value}" for key, value in decays.items()),
    )  # fmt: skip
    ours = objective(mode)
    factors = {network: 1 / item["weight_decay"] for network, item in config["optimizer"].items()}
    expected = 3 * gan_loss(fake, 1.0)
    assert float(factors["generator"] * ours.generator(fake)) == pytest.approx(float(expected), rel=1e-5)
    if mode != "hinge":  # its hinge is linear: a defect
        expected = half * (gan_loss(real, 1.0) + gan_loss(fake, 0.0))
        assert float(factors["discriminator"] * ours.discriminator(real, fake)) == pytest.approx(
            float(expected), rel=1e-5
        )


def test_weight_decay_weighs_as_much_against_our_halved_loss():
    optimizer = translate(theirs("ugatit_selfie2anime_light"))["optimizer"]
    assert {network: item["weight_decay"] for network, item in optimizer.items()} == {
        "generator_ab": 1e-4, "generator_ba": 1e-4,
        "global_a": 5e-5, "global_b": 5e-5, "local_a": 5e-5, "local_b": 5e-5,
    }  # fmt: skip


def test_a_plain_descent_takes_the_factor_into_its_rate():
    config = theirs("dcgan_mnist")
    config["optimizer"]["optimizer_D"] = {"name": "SGD", "net_names": ["netD"], "weight_decay": 0.1}
    assert translate(config)["optimizer"]["discriminator"] == {
        "name": "SGD", "learning_rate": 0.0001, "weight_decay": 0.2,
    }  # fmt: skip


def test_one_optimizer_for_all_networks_becomes_one_each_with_paddles_defaults():
    config = theirs("wgan_mnist")
    config["optimizer"] = {"name": "Adam", "net_names": ["netG", "netD"]}
    adam = {"name": "Adam", "learning_rate": 0.0002, "beta1": 0.9}
    assert translate(config)["optimizer"] == {"generator": adam, "discriminator": adam}


def test_a_discriminator_is_named_there_by_its_generator():
    """netG_A translates a to b, so netD_A, which judges its pictures, judges b."""
    config = theirs("cyclegan_horse2zebra")
    config["optimizer"] = {
        net: {"name": "Adam", "net_names": [net], "beta2": 0.9 + number / 100}
        for number, net in enumerate(("netG_A", "netG_B", "netD_A", "netD_B"))
    }
    found = {network: item["beta2"] for network, item in translate(config)["optimizer"].items()}
    assert found == {"generator_ab": 0.9, "generator_ba": 0.91, "discriminator_b": 0.92, "discriminator_a": 0.93}


def test_linear_decay_equals_paddlegans_at_the_end_of_every_epoch():
    schedule = translate(theirs("pix2pix_facades"))["schedule"]
    for epoch in range(200):
        expected = 1 - max(0, epoch + 1 - 100) / 101
        assert ScheduleSettings(**schedule).factor((epoch + 1) * 7, 200 * 7) == pytest.approx(expected, abs=1e-4)
    short = changed("pix2pix_facades", "total_iters=300")
    assert short["schedule"]["start"] == 0.5 and short["checkpoint"] == {"interval": 5}


def test_the_other_schedules():
    assert translate(theirs("stylegan_v2_256_ffhq"))["schedule"] == {
        "shape": "steps", "milestones": [600000], "gamma": 0.5,
    }  # fmt: skip
    config = theirs("stylegan_v2_256_ffhq")
    config["lr_scheduler"] = {
        "name": "CosineAnnealingRestartLR", "learning_rate": 0.002, "periods": [800000], "eta_min": 0.0002,
    }  # fmt: skip
    schedule = translate(config)["schedule"]
    assert schedule["shape"] == "cosine" and schedule["floor"] == pytest.approx(0.1)
    config["lr_scheduler"]["periods"] = [400000, 400000]
    assert refused(config) == [
        "lr_scheduler.periods: expected [total_iters], found [400000, 400000]: the schedule here does not restart"
    ]
    config["lr_scheduler"] = {"name": "NonLinearDecay", "learning_rate": 0.002}
    assert "LinearDecay" in refused(config)[0] and refused(config)[0].startswith("lr_scheduler.name: ")


def test_stylegans_betas_are_those_of_the_file_after_our_correction():
    config = translate(theirs("stylegan_v2_256_ffhq"))
    weight = paddle.create_parameter([2], "float32")
    for network, correction, beta in (("generator", 4 / 5, 0.792), ("discriminator", 16 / 17, 0.9317647058823529)):
        built = build_optimizer(config["optimizer"][network], [weight], correction)
        assert built.get_lr() == pytest.approx(0.002 * correction)
        assert built._beta2 == pytest.approx(beta) and built._beta1 == 0
    # 0.5^(32 / 10000) a step of three pictures
    assert config["ema"]["networks"] == ["generator"]
    assert 0.5 ** (3 / config["ema"]["half_life"]) == pytest.approx(0.5 ** (32 / 10000))


def test_metrics_writers_and_processes():
    validate = translate(theirs("pix2pix_facades"))["validate"]
    assert validate["metric"] == {"name": "KID", "key": "b"} and validate["interval"] == 4000
    assert (validate["best"], validate["mode"], validate["network"]) == ("kid", "min", "generator")
    named = changed("cyclegan_horse2zebra", "validate.metrics.fid.premodel_path=inception.safetensors")["validate"]
    assert named["metric"] == {
        "name": "FID",
        "features": "inception-v3",
        "weights": "inception.safetensors",
        "key": "b",
    }
    assert named["network"] == "generator_ab"
    assert changed("dcgan_mnist", "enable_visualdl=true")["log"]["writers"] == ["visualdl"]
    assert translate(theirs("pix2pix_cityscapes_2gpus"), processes=2)["loader"]["batch_size"] == 2


def test_our_own_sections_may_stand_beside_and_win():
    config = changed("dcgan_mnist", "loader.batch_size=8", "seed=3", "guard.action=rollback", "checkpoint.keep=5")
    assert config["loader"] == {"batch_size": 8, "workers": 1} and config["seed"] == 3
    assert config["guard"] == {"action": "rollback"}
    assert config["checkpoint"] == {"interval_epochs": 5, "keep": 5}
    assert changed("dcgan_mnist", "checkpoint.interval=7")["checkpoint"] == {"interval": 7}


@pytest.mark.parametrize("name", ["pix2pix_facades", "cyclegan_horse2zebra"])
def test_direction_exchanges_the_domains(name, data):
    first, other = ("b2a", "a2b") if name.startswith("pix2pix") else ("a2b", "b2a")
    samples = []
    for direction in (first, other):
        config = changed(name, f"model.direction={direction}")
        assert "direction" not in config["model"]
        samples.append(DATASETS.build(config["dataset"]["validation"]).sample(1, None))
    assert not np.array_equal(samples[0]["a"], samples[0]["b"])
    assert np.array_equal(samples[0]["a"], samples[1]["b"]) and np.array_equal(samples[0]["b"], samples[1]["a"])


def test_b2a_translates_from_the_right_half(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))
    folder = tmp_path / "facades" / "test"
    folder.mkdir(parents=True)
    pair = np.zeros((40, 80, 3), np.uint8)
    pair[:, 40:] = 255
    save_image(folder / "0.png", pair)
    sample = DATASETS.build(translate(theirs("pix2pix_facades"))["dataset"]["validation"]).sample(0, None)
    assert sample["a"].min() == 1 and sample["b"].max() == -1  # what the generator gets, what it should give


# ---- what is refused ---------------------------------------------------------------------------------------


def test_every_fault_of_a_file_is_named_at_once_with_its_path():
    config = theirs("pix2pix_facades")
    config["model"]["generator"]["ngff"] = config["model"]["generator"].pop("ngf")
    config["model"]["discriminator"]["n_layers"] = "three"
    config["model"]["gan_criterion"]["gan_mode"] = "lsgann"
    config["model"]["pixel_criterion"]["loss_weigth"] = 10
    config["model"]["direktion"] = config["model"].pop("direction")
    config["dataset"]["train"]["dataroott"] = "x"
    config["dataset"]["test"]["name"] = "PairDataset"
    config["optimizer"]["optimD"]["net_names"] = ["netX"]
    config["optimizer"]["optimG"]["betta1"] = 0.5
    config["lr_scheduler"]["learning_rate"] = "fast"
    config["log_config"]["visual_intervall"] = 3
    config["snapshot_config"]["interval"] = 0
    config["validate"]["metrics"]["fid"]["name"] = "PSNR"
    config["export_model"][0]["name"] = "netF"
    config["epoch"] = 3
    found = refused(config)
    expected = [
        ("model.generator.ngff: unknown key, did you mean 'ngf'? (accepted: ", "num_downs"),
        ("model.discriminator.n_layers: expected a whole number, found 'three'", ""),
        ("model.gan_criterion.gan_mode: expected one of 'vanilla', 'lsgan', ", "found 'lsgann'"),
        ("model.pixel_criterion.loss_weigth: unknown key, did you mean 'loss_weight'?", ""),
        ("model.direktion: unknown key, did you mean 'direction'?", ""),
        ("dataset.train.dataroott: unknown key, did you mean 'dataroot'?", ""),
        ("dataset.test.name: there is no dataset 'PairDataset', did you mean 'PairedDataset'?", ""),
        ("optimizer.optimD.net_names: the model has no network 'netX' (it has netG, netD)", ""),
        ("optimizer: no net_names name netD", ""),
        ("optimizer.optimG.betta1: unknown key, did you mean 'beta1'?", ""),
        ("lr_scheduler.learning_rate: expected a number", "found 'fast'"),
        ("log_config.visual_intervall: unknown key, did you mean 'visual_interval'?", ""),
        ("snapshot_config.interval: expected a whole number from 1 up, found 0", ""),
        ("validate.metrics.fid.name: there is no metric of PaddleGAN here called 'PSNR'", "(there are: FID)"),
        ("export_model[0].name: there is no network of this model 'netF'", "netG, netD"),
        ("epoch: unknown key, did you mean 'epochs'?", ""),
    ]
    for beginning, inside in expected:
        assert [line for line in found if line.startswith(beginning) and inside in line], (beginning, found)
    assert len(found) == len(expected), found


def test_models_and_parts_that_are_not_here():
    config = theirs("dcgan_mnist")
    config["model"]["name"] = "DCGANModl"
    assert is_paddlegan(config)  # by its other sections
    assert refused(config) == [
        "model.name: there is no model of PaddleGAN here called 'DCGANModl', did you mean 'DCGANModel'? "
        "(there are: DCGANModel, GANModel, Pix2PixModel, CycleGANModel, UGATITModel, StyleGAN2Model)"
    ]
    config["model"] = {"name": "GANModel"}
    assert refused(config) == [
        f"model.{key}: is missing" for key in ("gan_criterion", "generator", "discriminator")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "override", "fault"),
    [
        ("wgan_mnist", "model.params.disc_start_iters=10", "model.params.disc_start_iters: expected 0, found 10"),
        ("cyclegan_cityscapes", "model.lambda_b=5", "model.lambda_b: expected the value of lambda_a (10)"),
        ("cyclegan_cityscapes", "model.gan_criterion.gan_mode=wgan", "model.gan_criterion.gan_mode: expected one of"),
        ("stylegan_v2_256_ffhq", "model.gan_criterion.gan_mode=hinge", "model.gan_criterion.gan_mode: expected 'logis"),
        ("stylegan_v2_256_ffhq", "model.num_style_feat=64", "model.num_style_feat: expected 512, found 64"),
        ("dcgan_mnist", "model.params.disc_iters=2", "model.params: unknown key"),
        ("dcgan_mnist", "min_max=[0, 1]", "min_max: expected [-1, 1], found [0, 1]"),
        ("dcgan_mnist", "model.generator.norm_type=layer", "model.generator.norm_type: expected one of 'batch'"),
        ("dcgan_mnist", "model.generator.ngf=true", "model.generator.ngf: expected a whole number, found True"),
        ("dcgan_mnist", "optimizer.optimizer_G=3", "optimizer.optimizer_G: expected `key: value` lines, found 3"),
        ("dcgan_mnist", "dataset.train.batch_size=0", "dataset.train.batch_size: expected a whole number from 1 up"),
        ("ugatit_photo2cartoon", "model.mse_criterion.name=L1Loss", "model.mse_criterion.name: there is no such loss"),
    ],
)
def test_values_our_recipes_have_no_room_for(name, override, fault):
    found = refused(apply_overrides(theirs(name), [override]))
    assert found[0].startswith(fault), found


def test_lengths_and_test_data_that_are_missing():
    config = theirs("pix2pix_facades")
    del config["epochs"], config["dataset"]["test"], config["lr_scheduler"]
    assert refused(config) == [
        "total_iters: is missing (or give epochs)",
        "lr_scheduler: is missing",
        "dataset.test: is missing, and validate.metrics needs it",
    ]


def test_our_own_configs_are_not_taken_for_paddlegans():
    files = list((ROOT / "configs").rglob("*.yaml"))
    assert files
    assert [path.name for path in files if is_paddlegan(read_yaml(path))] == []
    assert not is_paddlegan({"model": {"name": ["x"]}, "dataset": {"test": {}}})
    assert not is_paddlegan({"model": {"name": "GAN"}, "lr_scheduler": {}})  # ours, with one wrong key


# ---- the same names as attributes --------------------------------------------------------------------------


def test_models_by_their_old_names():
    generator = {"name": "DCGenerator", "input_nz": 8, "input_nc": 1, "output_nc": 1, "ngf": 4}
    critic = {"name": "DCDiscriminator", "input_nc": 1, "ndf": 4, "norm_type": "batch"}
    model = ppgen.models.DCGANModel(generator, critic, gan_criterion={"name": "GANLoss", "gan_mode": "lsgan"})
    assert type(model) is MODELS.get("GAN") and model.objective.name == "lsgan"
    assert model.networks["generator"].latent_dim == 8
    assert set(MODEL_NAMES) < set(ppgen.models.__all__)
    with pytest.raises(ConfigError, match=r"DCGANModel\.generator\.ngff: unknown key, did you mean 'ngf'"):
        ppgen.models.DCGANModel({**generator, "ngff": 1}, critic, {"name": "GANLoss", "gan_mode": "vanilla"})
    with pytest.raises(ConfigError, match="exchange the domains in the dataset"):
        section = theirs("pix2pix_facades")["model"]
        ppgen.models.Pix2PixModel(**{key: value for key, value in section.items() if key != "name"})
    with pytest.raises(ConfigError, match="'generator' twice"):
        ppgen.models.DCGANModel(generator, generator=generator)
    with pytest.raises(ConfigError, match="at most 3 arguments"):
        ppgen.models.DCGANModel(generator, critic, {}, {})
