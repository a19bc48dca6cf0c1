"""The StyleGAN2 predictors and their scripts, with a tiny untrained generator."""

from pathlib import Path

import numpy as np
import paddle
import pytest
import style_networks
from conftest import ROOT

from ppgen import apps, hub
from ppgen.apps import stylegan2_labelled
from ppgen.apps.portrait import PortraitPipeline
from ppgen.apps.stylegan2_editing import StyleEditor
from ppgen.errors import ConfigError, DataError, NoFaceError, OutputError, WeightsError
from ppgen.faces import Face
from ppgen.faces.align import CLOSE, align_face
from ppgen.faces.ffhq import ffhq_crop
from ppgen.faces.typical import typical_landmarks
from ppgen.io.image import load_image, save_image, to_tensor_array
from ppgen.io.weights import save_network, write_arrays
from ppgen.latent import channels, mixing
from ppgen.latent.attributes import Directions, save_directions
from ppgen.latent.optimized import Optimization
from ppgen.latent.project import Settings
from ppgen.latent.seeds import latents
from ppgen.latent.w_plus import Latent, read_latent, save_latent
from ppgen.metrics import dlib_features

FAST = Settings(steps=2, perceptual_weight=0)
TOOLS = ROOT / "applications" / "tools"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = save_network(style_networks.tiny(), tmp_path_factory.mktemp("s") / "tiny.safetensors")
    vectors = {"Smiling": np.full(8, 2, np.float32), "Male": np.eye(1, 8, 1, dtype=np.float32)[0]}
    return save_directions(path, Directions(vectors, "w"))


@pytest.fixture
def drawer(weights, tmp_path):
    return apps.StyleGANv2Predictor(tmp_path / "out", weights, seed=233)


@pytest.fixture
def editor(weights, tmp_path):
    return apps.StyleGANv2EditingPredictor(output_path=tmp_path / "out", weight_path=weights)


@pytest.fixture
def crop() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)


def near(a: np.ndarray, b: np.ndarray) -> bool:
    return np.abs(a.astype(int) - b).max() <= 1


# ---- drawing --------------------------------------------------------------------------------------------


def test_run_writes_paddlegans_three_sheets(drawer):
    found = drawer.run(n_row=2, n_col=3)
    assert [path.name for path in found.paths] == ["sample.png", "sample_mixing_0.png", "sample_mixing_1.png"]
    assert load_image(found.paths[0]).shape == (2 * 16 + 2, 3 * 16 + 4, 3)
    assert load_image(found.paths[1]).shape == (3 * 16 + 4, 4 * 16 + 6, 3)
    direct = drawer.draw(latents(233, 6, 8), truncation=0.7).arrays
    assert near(found.sample.arrays, direct) and found.seed == 233
    again = drawer.run(2, 3)
    assert all((a.arrays == b.arrays).all() for a, b in zip(found.mixing, again.mixing))
    assert (found.mixing[0].arrays != found.mixing[1].arrays).any()
    assert (drawer.run(2, 3, seed=7).sample.arrays != found.sample.arrays).any()
    assert not found.mixing[0].arrays[0].any()  # the corner


def test_mixtures_have_targets_at_the_left_and_sources_above(drawer):
    network = drawer.network
    sources, targets = np.random.default_rng(1).standard_normal((2, 2, 6, 8)).astype(np.float32)
    drawn = drawer.model.mix(sources, targets, [4, 2]).arrays.reshape(3, 3, 16, 16, 3)
    by_hand = np.concatenate([targets[1, :2], sources[0, 2:]])[None]
    with paddle.no_grad():
        wanted = network.synthesize(paddle.to_tensor(by_hand))
    assert near(drawn[2, 1], np.rint((wanted.numpy()[0].transpose(1, 2, 0).clip(-1, 1) + 1) * 127.5).astype(int))
    assert near(drawn[0, 1:], drawer.draw_w(sources).arrays) and near(drawn[1:, 0], drawer.draw_w(targets).arrays)


def test_no_seed_means_another_one_every_time(weights, tmp_path):
    drawer = apps.StyleGANv2Predictor(tmp_path, weights)
    one, two = drawer.run(1, 1), drawer.run(1, 1)
    assert one.seed != two.seed
    assert (drawer.run(1, 1, seed=one.seed).sample.arrays == one.sample.arrays).all()


def test_truncation_sheet_goes_from_the_opposite_through_the_mean(drawer):
    sheet = drawer.truncation_sheet([3, 4], [-1, 0, 1]).arrays.reshape(2, 3, 16, 16, 3)
    mean = drawer.mean_w()
    assert near(sheet[0, 1], sheet[1, 1]) and near(sheet[0, 1], drawer.draw_w(np.tile(mean, (6, 1)))[0].array)
    w = drawer.map(latents(3, 1, 8))
    assert near(sheet[0, 2], drawer.draw_w(drawer.spread(w)).arrays[0])
    assert near(sheet[0, 0], drawer.draw_w(drawer.spread(2 * mean - w)).arrays[0])


def test_walks_through_w_and_seeds(drawer):
    walk = drawer.walk_w([1, 2, 3], steps=2, closed=True)
    assert len(walk) == 6 and near(walk.arrays[2], drawer.seeds([2]).arrays[0])
    middle = (drawer.map(latents(1, 1, 8)) + drawer.map(latents(2, 1, 8))) / 2
    assert near(walk.arrays[1], drawer.draw_w(drawer.spread(middle)).arrays[0])
    assert len(drawer.walk([1, 2], 3)) == 4
    path = drawer.run_seeds([0, 5])
    assert path.name == "seeds.png" and path.is_file()


def test_what_cannot_be_drawn(drawer, tmp_path, weights):
    with pytest.raises(DataError, match=r"\(N, 6, 8\)"):
        drawer.draw_w(np.zeros((1, 18, 512)))
    with pytest.raises(ConfigError, match="row"):
        drawer.run(0, 5)
    with pytest.raises(ConfigError, match="from 0 up"):
        drawer.run(seed=-1)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        apps.StyleGANv2Predictor(tmp_path / "file", weights).run()
    with pytest.raises(WeightsError, match="fit size 16, not size 1024; add --model_type ffhq-config-f"):
        apps.StyleGANv2Predictor(tmp_path, weights, size=1024).run()
    with pytest.raises(WeightsError, match="did you mean 'ffhq-config-f'"):
        apps.StyleGANv2Predictor(tmp_path, model_type="ffhq-config").run()


def test_without_the_face_model_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "names", lambda: [])
    with pytest.raises(WeightsError, match=r"styleganv2-nobody-128: .*configs/styleganv2_nobody_128.yaml"):
        apps.StyleGANv2Predictor(tmp_path).run()
    assert (ROOT / "configs" / "styleganv2_nobody_128.yaml").is_file()


# ---- latents --------------------------------------------------------------------------------------------


def test_latents_are_kept_with_their_noise(drawer, tmp_path):
    network = drawer.network
    w = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    noise = [np.full((1, *shape), i, np.float32) for i, shape in enumerate(network.noise_shapes())]
    found = read_latent(save_latent(tmp_path / "a.npz", Latent(w, noise)), network)
    assert (found.w_plus == w).all() and all((a == b).all() for a, b in zip(found.noise, noise))
    plain = read_latent(save_latent(tmp_path / "a.npy", Latent(w, noise)), network)
    assert (plain.w_plus == w).all() and plain.noise is None
    assert (read_latent(w[0], network).w_plus == w[:1]).all()
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    np.save(tmp_path / "pickle.npy", np.array([{}], object))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    middle = len(whole) // 3
    (tmp_path / "flipped.npz").write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    for damaged in ("cut.npz", "flipped.npz"):
        with pytest.raises(DataError, match="is no latent"):
            read_latent(tmp_path / damaged, network)
    for wrong in (tmp_path / "bad.npy", tmp_path / "pickle.npy", tmp_path / "none.npy", np.zeros((18, 512))):
        with pytest.raises(DataError):
            read_latent(wrong, network)
    with pytest.raises(DataError, match="noise"):
        read_latent(Latent(w, noise[:2]), network)


def test_fitting_writes_paddlegans_files(weights, tmp_path, crop):
    def features(pictures):
        return [pictures.mean(axis=[2, 3], keepdim=True)]

    fitter = apps.StyleGANv2FittingPredictor(tmp_path / "out", weights, features=features)
    save_image(tmp_path / "me.png", crop)
    src, dst, latent = fitter.run(tmp_path / "me.png", step=3, latent_level=[0, 2])
    assert (src == crop).all() and latent.shape == (6, 8)
    assert (load_image(tmp_path / "out" / "dst.fitting.png") == dst).all()
    kept = np.load(tmp_path / "out" / "dst.fitting.npy")
    assert (kept == latent).all() and near(fitter.draw_w(kept)[0].array, dst)  # with the stored noise
    mean = fitter.mean_w()
    assert (np.abs(latent - mean).max(axis=1) > 1e-6).tolist() == [True, False, True, False, False, False]
    np.save(tmp_path / "kept.npy", kept)
    again = fitter.run(crop, step=1, latent_level=[5], pre_latent=tmp_path / "kept.npy")[2]
    assert (again[:5] == latent[:5]).all() and (again[5] != latent[5]).any()
    with pytest.raises(OutputError, match="dst.fitting.npy: is one of the inputs"):
        fitter.run(crop, step=1, pre_latent=tmp_path / "out" / "dst.fitting.npy")
    with pytest.raises(ConfigError, match="0 to 5"):
        fitter.run(crop, latent_level=17)
    with pytest.raises(ConfigError, match="steps: expected a whole number, found 2.5"):
        fitter.run(crop, step=2.5)


def test_faces_are_cut_as_the_network_draws_them(weights, tmp_path):
    photo = np.random.default_rng(0).integers(0, 255, (300, 260, 3), dtype=np.uint8)
    face = Face((60, 80, 200, 240), 1.0, 0, typical_landmarks() + (0, 20), warnings=("small face",))

    def find(image, name=None, **_):
        if not np.asarray(image).any():
            raise NoFaceError(f"{name}: no face")
        return [face]

    pipeline = PortraitPipeline(find)
    fitter = apps.StyleGANv2FittingPredictor(tmp_path, weights, pipeline=pipeline)
    seen = fitter.see(photo)
    assert (seen.crop == align_face(photo, face.landmarks, 16, CLOSE).crop).all() and seen.warnings == ("small face",)
    published = tmp_path / "stylegan2-ffhq-config-f.pdparams"  # known by its name
    published.write_bytes(Path(weights).read_bytes())
    for file, ffhq in ((weights, {"model_type": "ffhq-config-f"}), (weights, {"ffhq": True}), (published, {})):
        fitter_of_ffhq = apps.StyleGANv2FittingPredictor(tmp_path, file, pipeline=pipeline, **ffhq)
        assert (fitter_of_ffhq.see(photo).crop == ffhq_crop(photo, face.landmarks, 16)).all()
    with pytest.raises(NoFaceError):
        fitter.project(np.zeros_like(photo), FAST)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    network = style_networks.encoder_of(style_networks.tiny())
    return save_network(network, tmp_path_factory.mktemp("e") / "encoder.safetensors")


def test_an_encoder_finds_a_latent_in_one_pass_and_searches_begin_there(weights, encoder, tmp_path, crop):
    predictor = apps.Pixel2Style2PixelPredictor(tmp_path / "out", weights, encoder_path=encoder)
    network = hub.load(encoder)
    said = network.invert(paddle.to_tensor(to_tensor_array(crop[None]))).numpy()
    fitted = predictor.invert(crop, align=False)
    assert (fitted.latent.w_plus == said[0]).all() and near(fitted.picture, predictor.draw_w(said)[0].array)
    still = Settings(steps=1, rate=1e-9, perceptual_weight=0, noise_weight=None, jitter=0.0)
    assert np.allclose(predictor.project(crop, still, align=False).latent.w_plus, said[0], atol=1e-6)
    mean = apps.StyleGANv2FittingPredictor(tmp_path, weights).project(crop, still, align=False).latent.w_plus
    assert not np.allclose(mean, said[0], atol=1e-3)
    with pytest.raises(WeightsError, match="no encoder comes with this generator"):
        apps.Pixel2Style2PixelPredictor(tmp_path / "out", weights).invert(crop, align=False)
    other = save_network(style_networks.encoder_of(style_networks.tiny(seed=5)), tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="other.safetensors: was trained for another generator than .*tiny"):
        apps.Pixel2Style2PixelPredictor(tmp_path / "out", weights, encoder_path=other).invert(crop, align=False)


def test_pixel2style2pixel_writes_paddlegans_files(weights, encoder, tmp_path):
    photo = np.random.default_rng(0).integers(0, 255, (300, 260, 3), dtype=np.uint8)
    face = Face((60, 80, 200, 240), 1.0, 0, typical_landmarks() + (0, 20))
    pipeline = PortraitPipeline(find=lambda *_, **__: [face])
    predictor = apps.Pixel2Style2PixelPredictor(tmp_path / "out", weights, encoder_path=encoder, pipeline=pipeline)
    seen = predictor.run(photo)
    assert (load_image(tmp_path / "out" / "src.png") == seen).all() and seen.shape == (16, 16, 3)
    latent = np.load(tmp_path / "out" / "dst.npy")
    assert near(load_image(tmp_path / "out" / "dst.png"), predictor.draw_w(latent)[0].array)


def test_mixing(weights, tmp_path):
    mixer = apps.StyleGANv2MixingPredictor(tmp_path / "out", weights)
    a, b = np.random.default_rng(0).standard_normal((2, 6, 8)).astype(np.float32)
    first, second, mixed = mixer.run(a, b, [1, 1, 1, 0, 0, 0])
    wanted = mixer.draw_w(np.stack([a, b, np.concatenate([a[:3], b[3:]])])).arrays
    assert near(np.stack([first, second, mixed]), wanted)
    for name, picture in (("src1", first), ("src2", second), ("dst", mixed)):
        assert (load_image(tmp_path / "out" / f"{name}.mixing.png") == picture).all()
    with pytest.raises(ConfigError, match="each of 6 layers"):
        mixer.run(a, b, [0.5] * 18)
    with pytest.raises(ConfigError, match="weights: expected a finite number, found nan"):
        mixer.run(a, b, [1, float("nan"), 1, 0, 0, 0])


def noisy(network, w: np.ndarray) -> Latent:
    rng = np.random.default_rng(8)
    return Latent(w, [5 * rng.standard_normal((1, *s)).astype(np.float32) for s in network.noise_shapes()])


def test_mixtures_keep_the_fitted_noise(weights, tmp_path):
    mixer = apps.StyleGANv2MixingPredictor(tmp_path / "out", weights)
    w = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    fitted = noisy(mixer.network, w)
    first, second, mixed = mixer.run(save_latent(tmp_path / "a.npz", fitted), w, 0.5)
    wanted = mixer.draw_w(w, fitted.noise).arrays[0]
    assert near(first, wanted) and near(mixed, wanted) and near(second, mixer.draw_w(w).arrays[0])
    assert not near(first, second)


def test_editing_a_latent(editor, tmp_path):
    w = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    before, after, latent = editor.run(w, "Smiling", 1.5)
    np.testing.assert_allclose(latent, w + 3, atol=1e-5)
    assert near(before, editor.draw_w(w)[0].array) and near(after, editor.draw_w(w + 3)[0].array)
    assert (np.load(tmp_path / "out" / "dst.editing.npy") == latent).all()
    with pytest.raises(ConfigError, match="did you mean 'Smiling'"):
        editor.run(w, "Smilling", 1)
    with pytest.raises(ConfigError, match="offset: expected a finite number, found nan"):
        editor.run(w, "Smiling", float("nan"))


def test_an_edited_latent_keeps_its_noise(editor, tmp_path):
    fitted = noisy(editor.network, np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32))
    before, after, _ = editor.run(save_latent(tmp_path / "a.npz", fitted), "Smiling", 0.5)
    kept = tmp_path / "out" / "dst.editing.npz"
    assert near(before, editor.picture(fitted).array)
    assert near(after, editor.picture(read_latent(kept, editor.network)).array)
    content = kept.read_bytes()
    for name in ("dst.editing.npz", "dst.editing.npy"):
        with pytest.raises(OutputError, match="is the input and would be overwritten"):
            editor.run(tmp_path / "out" / name, "Smiling", 0.5)
    assert kept.read_bytes() == content
    editor.run(fitted.w_plus, "Smiling", 0.5)
    assert read_latent(kept, editor.network).noise is None  # not that of the latent before


def test_directions_from_the_file_that_save_wrote(weights, tmp_path):
    other = apps.StyleGANv2EditingPredictor(direction_path=weights, output_path=tmp_path, weight_path=weights)
    assert list(other.directions) == ["Male", "Smiling"]
    network = style_networks.tiny()
    ours = save_network(network, tmp_path / "none.safetensors")
    old = style_networks.write_pdparams(tmp_path / "none.pdparams", style_networks.paddlegan_arrays(network))
    for path in (ours, old):
        with pytest.raises(ConfigError, match="none.*: holds a network and no directions"):
            apps.StyleGANv2EditingPredictor(direction_path=path, weight_path=weights).directions  # noqa: B018
    plain = write_arrays(tmp_path / "plain.safetensors", {"age": np.ones(8, np.float32)})
    assert list(apps.StyleGANv2EditingPredictor(direction_path=plain, weight_path=weights).directions) == ["age"]


def test_directions_from_a_file_of_paddlegans(weights, tmp_path):
    each = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    path = style_networks.write_pdparams(tmp_path / "d.pdparams", {"age": each})
    editor = apps.StyleGANv2EditingPredictor(direction_path=path, output_path=tmp_path, weight_path=weights)
    assert list(editor.directions) == ["age"]
    np.testing.assert_allclose(editor.run(np.zeros((6, 8)), "age", -2.0)[2], -2 * each, atol=1e-6)


def test_editing_a_photo(editor, crop, tmp_path):
    strip = editor.edit(crop, {"Smiling": 1.0, "Male": -1.0}, settings=FAST, align=False)
    assert len(strip) == 5 and (strip.arrays[0] == crop).all()
    fitted = editor.project(crop, FAST, align=False)
    moved = editor.moved(fitted.latent, {"Smiling": 1.0, "Male": -1.0})
    assert near(editor.picture(moved).array, strip.arrays[4]) and moved.noise is not None
    assert len(editor.edit(fitted.latent, {"Male": 1.0})) == 2
    w = np.zeros((6, 8), np.float32)
    assert all(near(editor.edit(x, {"Male": 1.0}).arrays[0], editor.draw_w(w)[0].array) for x in (w, w[None], w[0]))
    with pytest.raises(ConfigError, match="the amount of Male: expected a finite number, found nan"):
        editor.edit("none.jpg", {"Male": float("nan")})
    only = editor.moved(fitted.latent, {"Smiling": 1.0}, [2])
    assert (only.w_plus[[0, 1, 3, 4, 5]] == fitted.latent.w_plus[[0, 1, 3, 4, 5]]).all()
    with pytest.raises(ConfigError, match="Smile"):  # before the search
        editor.edit("none.jpg", {"Smile": 1.0})
    with pytest.raises(ConfigError, match="at least one direction"):
        editor.edit(crop, {})
    for layers in ([6], ["coarse"], []):
        with pytest.raises(ConfigError, match="numbers from 0 to 5"):
            editor.edit("none.jpg", {"Male": 1.0}, layers)
    first = np.zeros((6, 8), np.float32)
    first[0] = 1
    coarse = Directions({"coarse": first}, "w")
    assert (mixing.moved(w[None], coarse, {"coarse": 1.0}, [0, 1])[0] == first).all()
    with pytest.raises(ConfigError, match="'coarse': moves none of the layers"):
        mixing.moved(w[None], coarse, {"coarse": 1.0}, [1])
    saved = write_arrays(tmp_path / "coarse.safetensors", {"coarse": first})
    with pytest.raises(ConfigError, match="'coarse': moves none of the layers"):  # before the search
        StyleEditor(editor.model, saved).edit("none.jpg", {"coarse": 1.0}, [1])


def test_editing_by_channels_of_s(editor, crop):
    w = editor.w_of_seeds([3])[0]
    strip = editor.edit(w, {"Male": 1.0}, channels={(3, 1): 30.0})
    assert len(strip) == 4
    styles = channels.styles_of(editor.network, w[None])
    styles[3][:, 1] += 30 * editor.spread_of_styles().deviation[3][1]
    assert near(strip.arrays[2], channels.paint(editor.network, styles)[0])
    assert not near(strip.arrays[2], strip.arrays[0]) and not near(strip.arrays[3], strip.arrays[1])
    fitted = editor.project(crop, FAST, align=False)
    found = editor.edit(fitted, channels={(3, 1): 0.0})
    assert near(found.arrays[1], found.arrays[2])  # unmoved, and with the fitted noise
    with pytest.raises(ConfigError, match="styles 0 to 7"):  # before the search
        editor.edit("none.jpg", channels={(9, 0): 1.0})
    with pytest.raises(ConfigError, match="amount of 3:1: expected a finite number"):
        editor.edit("none.jpg", channels={(3, 1): float("inf")})


def test_channel_sheet(editor):
    sheet = editor.channel_sheet(1, {channels.Channel(3, 1): "a", channels.Channel(0, 2): "b"}, span=5, steps=3)
    assert len(sheet) == 6 and near(sheet.arrays[1], sheet.arrays[4]) and near(sheet.arrays[1], drawn(editor, 1))
    assert not near(sheet.arrays[0], sheet.arrays[2])
    with pytest.raises(ConfigError, match="at least one"):
        editor.channel_sheet(1, {})


def drawn(editor, seed: int) -> np.ndarray:
    return editor.draw_w(editor.w_of_seeds([seed], 0.7)).arrays[0]


def test_direction_sheet(editor):
    sheet = editor.direction_sheet(1, editor.directions, span=1, steps=3)
    assert len(sheet) == 6 and near(sheet.arrays[1], sheet.arrays[4])
    wanted = editor.draw_w(editor.w_of_seeds([1], 0.7) + 2).arrays[0]
    assert near(sheet.arrays[5] if list(editor.directions)[1] == "Smiling" else sheet.arrays[2], wanted)


def test_the_judge_looks_at_a_picture_twice(monkeypatch):
    from ppgen.metrics.features import extractor

    real, passes = dlib_features._stages, []
    pictures = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 3), dtype=np.uint8)
    names = ("dlib-face@17+std", "dlib-face@8", "dlib-face@descriptor")
    wanted = np.concatenate([extractor(name)(pictures) for name in names], axis=1)
    monkeypatch.setattr(dlib_features, "_stages", lambda x: passes.append(len(x)) or real(x))
    np.testing.assert_allclose(stylegan2_labelled.face_features(pictures), wanted, atol=1e-5)
    assert passes == [2, 2]


def test_attributes_from_labelled_faces(editor, tmp_path, monkeypatch):
    from ppgen.datasets.files import is_held_back
    from ppgen.latent.seeds import latents

    def redness(pictures: np.ndarray) -> np.ndarray:
        means = pictures.reshape(len(pictures), -1, 3).mean(axis=1)
        return means[:, :1] - means[:, 1:2]

    middle = np.median(redness(editor.draw(latents(0, 60, editor.network.latent_dim)).arrays))  # some are redder
    rng, lines = np.random.default_rng(0), ["id,gender,has_glasses"]
    for i in range(60):
        male = i % 2
        shift = middle + (40 if male else -40)
        colour = [128 + shift / 2, 128 - shift / 2, 128]
        picture = (rng.integers(-9, 9, (16, 16, 3)) + colour).clip(0, 255).astype(np.uint8)
        save_image(tmp_path / "data" / "f" / f"p{i}.png", picture)
        lines.append(f"p{i},{'MF'[1 - male]},{int(i % 3 == 0)}")
    (tmp_path / "data" / "f" / "meta.csv").write_text("\n".join(lines))
    assert any(is_held_back(f"p{i}") for i in range(60))
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))

    faces = stylegan2_labelled.Labelled("f", names=["Male"], features=redness)
    found, scores = stylegan2_labelled.find_attributes(editor, faces, samples=60, method="means")
    assert scores["Male"].balanced > 0.9 and scores["Male"][1:] == (30, 30)
    assert list(found) == ["Male"] and found.space == "w"
    assert scores["Male"].reaches(0) and not scores["Male"].reaches(0.85)  # 30 faces are too few
    with pytest.raises(DataError, match="no attribute reaches 0.85"):
        stylegan2_labelled.learn_judge(faces._replace(least=0.85), 16)
    by_name, again = stylegan2_labelled.find_channels(editor, faces, count=2, samples=60)
    assert again == scores and len(by_name["Male"]) == 2
    monkeypatch.setattr(stylegan2_labelled, "RAREST", 0.6)  # neither side has so many
    assert stylegan2_labelled.find_channels(editor, faces, count=2, samples=60) == ({}, scores)
    channel, score = next(iter(by_name["Male"].items()))
    styles, z = channels.sampled_styles(editor.network, 30, seed=5), latents(5, 30, editor.network.latent_dim)
    red = redness(editor.draw(z).arrays)[:, 0]
    assert np.corrcoef(styles[channel.style][:, channel.number], red)[0, 1] * score > 0  # on other samples too
    start = editor.spread(editor.map(latents(5, 30, 8)))
    colours = [editor.draw_w(start + sign * found["Male"]).arrays.mean(axis=(0, 1, 2)) for sign in (1, -1)]
    assert colours[0][0] - colours[0][1] > colours[1][0] - colours[1][1]


def test_directions_through_the_generator_from_labelled_faces(editor, tmp_path, monkeypatch):
    rng, lines = np.random.default_rng(0), ["id,gender,smile"]
    for i in range(40):
        picture = rng.integers(0, 60, (16, 16, 3)) + [[120 * (i % 2)], [60 * (i % 4 // 2)]] * 8
        save_image(tmp_path / "data" / "f" / f"p{i}.png", picture.astype(np.uint8))
        lines.append(f"p{i},{'MF'[i % 2]},{i % 4 // 2}")
    (tmp_path / "data" / "f" / "meta.csv").write_text("\n".join(lines))
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(stylegan2_labelled, "sampled_directions", lambda network, judge, *_: Directions(
        {name: np.full(network.latent_dim, 0.1, np.float32) for name in judge.names}, "w"
    ))  # fmt: skip
    faces, short = stylegan2_labelled.Labelled("f", names=["Male", "Smiling"]), Optimization(steps=1, batch=2)
    heard: list[dict] = []
    found, scores = stylegan2_labelled.optimize_attributes(
        editor, faces, 20, short, control=["Smiling"], told=heard.append
    )
    assert list(found) == ["Male"] and list(scores) == ["Male", "Smiling"] and heard == [scores]
    with pytest.raises(DataError, match="only Male, Smiling"):
        stylegan2_labelled.optimize_attributes(editor, faces, 20, short, control=["Male", "Smiling"])
    assert found["Male"].shape == (editor.network.count, editor.network.latent_dim)


# ---- scripts --------------------------------------------------------------------------------------------


def script(run_python, cwd, name: str, *words: object):
    return run_python(str(TOOLS / f"{name}.py"), *map(str, words), cwd=cwd, PYTHONPATH=None)


@pytest.mark.slow
def test_scripts_from_any_folder(weights, run_python, tmp_path, crop):
    done = script(run_python, tmp_path, "styleganv2", "--weight_path", weights, "--seed", 233, "--cpu", "--size", 16)
    assert done.returncode == 0, done.stderr
    names = ["sample.png", "sample_mixing_0.png", "sample_mixing_1.png"]
    assert [(tmp_path / "output_dir" / name).is_file() for name in names] == [True] * 3
    done = script(run_python, tmp_path, "styleganv2", "--weight_path", weights, "--seeds", "5-x")
    assert done.returncode == 2 and "'5-x' is no number or range" in done.stderr and done.stderr.count("\n") == 1
    w = np.random.default_rng(0).standard_normal((6, 8)).astype(np.float32)
    np.save(tmp_path / "a.npy", w)
    np.save(tmp_path / "b.npy", -w)
    common = ("--weight_path", weights, "--cpu")
    done = script(run_python, tmp_path, "styleganv2mixing", "--latent1", "a.npy", "--latent2", "b.npy", *common)
    assert done.returncode == 0 and (tmp_path / "output_dir" / "dst.mixing.png").is_file(), done.stderr
    words = ("--latent", "a.npy", "--direction_name", "Smiling", "--direction_offset", "1.5")
    done = script(run_python, tmp_path, "styleganv2editing", *words, *common)
    assert done.returncode == 0 and (tmp_path / "output_dir" / "dst.editing.npy").is_file(), done.stderr
    save_image(tmp_path / "me.png", crop)
    words = ("--input_image", "me.png", "--step", "2", "--latent_level", "0", "1")
    done = script(run_python, tmp_path, "styleganv2fitting", *words, *common)
    assert done.returncode == 0 and (tmp_path / "output_dir" / "dst.fitting.npy").is_file(), done.stderr
    done = script(run_python, tmp_path, "pixel2style2pixel", "--input_image", "me.png", *common)
    assert done.returncode == 2 and "no encoder comes with this generator" in done.stderr


def test_another_models_pdparams_is_one_sentence(tmp_path):
    other = write_arrays(tmp_path / "x.safetensors", {"a": np.zeros(2)})
    with pytest.raises(WeightsError, match="no StyleGAN2 generator"):
        apps.StyleGANv2Predictor(tmp_path, other).run()
