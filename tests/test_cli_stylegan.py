"""StyleGAN2's commands, from the command line to the file, with a tiny untrained generator."""

from pathlib import Path

import numpy as np
import pytest
import style_networks
from PIL import Image

from ppgen import cli
from ppgen.apps import StyleGANv2EditingPredictor
from ppgen.apps.drawings import Drawings
from ppgen.cli import files
from ppgen.io.image import load_image, save_image
from ppgen.io.weights import save_network
from ppgen.latent.attributes import Directions, load_directions
from ppgen.latent.styles import bands
from ppgen.latent.w_plus import read_latent


@pytest.fixture
def model(tmp_path) -> str:
    return str(save_network(style_networks.tiny(), tmp_path / "tiny.safetensors"))


@pytest.fixture
def photo(tmp_path) -> str:
    picture = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    return str(save_image(tmp_path / "me.png", picture))


def run(capsys, *words: object) -> tuple[int, str]:
    code = cli.main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize(("space", "more", "frames"), [("w", [], 6), ("z", ["--open"], 4)])
def test_interpolate(model, tmp_path, capsys, space, more, frames):
    film = tmp_path / "walk.gif"
    words = ["interpolate", "--model", model, "--seeds", "1,2", "--steps", 3, "--space", space, "-o", film, *more]
    assert run(capsys, *words) == (0, f"{film}\n")
    with Image.open(film) as image:
        assert image.n_frames == frames


def test_several_walks_at_once_are_smooth_loops(model, tmp_path, capsys):
    film, words = tmp_path / "walks.gif", ["interpolate", "--model", model, "--seeds", "1-3", "--steps", 2, "-o"]
    assert run(capsys, *words, film, "--rows", 2, "--columns", 3) == (0, f"{film}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ppgen.apps.latent_model._MOST_PIXELS", 16**2 * 12)
        code, told = run(capsys, *words, film, "--rows", 2, "--columns", 3)  # each walk alone is small enough
        assert code == 2 and "megapixels together" in told
    drawn = StyleGANv2EditingPredictor(weight_path=model).model
    walks = [drawn.walk_w(range(1 + 3 * i, 4 + 3 * i), 2, "spline", True, 0.7) for i in range(6)]
    wanted = Drawings.together(walks, 3)
    assert wanted.arrays.shape == (6, 2 * 16 + 2, 3 * 16 + 4, 3)
    np.testing.assert_array_equal(wanted.arrays[4][18:, 36:], walks[5].arrays[4])
    with Image.open(film) as image:
        assert image.n_frames == 6 and image.size[0] * 34 == image.size[1] * 52
    code, said = run(capsys, *words, tmp_path / "walks.png", "--rows", 2)
    assert code == 2 and "are of films" in said
    code, said = run(capsys, *words, film, "--rows", 0)
    assert code == 2 and "0: expected 1 or more" in said


def test_a_film_without_an_encoder_is_a_gif_and_says_so(model, tmp_path, capsys, monkeypatch):
    from ppgen.io import movie

    monkeypatch.setattr(movie, "ffmpeg_program", lambda: None)
    out = tmp_path / "walk.mp4"
    code, said = run(capsys, "interpolate", "--model", model, "--seeds", "1,2", "--steps", 2, "-o", out)
    assert code == 0 and (tmp_path / "walk.gif").is_file() and "note: " in said and "GIF" in said


def test_truncation_and_mix(model, tmp_path, capsys):
    out = tmp_path / "t.png"
    assert run(capsys, "truncation", "--model", model, "--seeds", "1,2", "--values", 0, 1, "-o", out)[0] == 0
    assert load_image(out).shape[0] > 2 * 128
    assert run(capsys, "mix", "--model", model, "--rows", "0-2", "--columns", "5,6", "-o", out)[0] == 0
    a, b = tmp_path / "a.npy", tmp_path / "b.npy"
    for path, seed in ((a, 0), (b, 1)):
        np.save(path, np.random.default_rng(seed).standard_normal((6, 8)).astype(np.float32))
    assert run(capsys, "mix", a, b, "--model", model, "--layers", "coarse", "-o", out)[0] == 0
    assert load_image(out).shape[1] == 3 * 128 + 4
    code, said = run(capsys, "mix", a, "--model", model)
    assert code == 2 and "two latents or none" in said
    code, said = run(capsys, "mix", a, b, "--model", model, "--layers", "7")
    assert code == 2 and "0 to 5" in said


def test_project_edit_and_sefa(model, photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "ppgen.apps.stylegan2_model.faceid_layers", lambda box: lambda x: [x.mean(axis=[2, 3], keepdim=True)]
    )
    folder, out = tmp_path / "found", tmp_path / "edit.png"
    search = ["--no-align", "--steps", 2, "--model", model]
    code, said = run(capsys, "project", photo, *search, "-o", folder)
    assert code == 0 and "1 of 1 pictures done" in said
    assert sorted(p.name for p in folder.iterdir()) == ["me.npz", "me_photo.png", "me_projected.png"]
    code, said = run(capsys, "directions", "--model", model, "--sefa", "--layers", "0-1", "-n", 2, "--save", "-o", out)
    assert code == 0 and "SeFa of layers 0, 1" in said
    assert list(load_directions(model, "w")) == ["sefa-0-1-1", "sefa-0-1-2"]
    edit = ["edit", folder / "me.npz", "--direction", "sefa-0-1-1=2", "--model", model, "-o", out]
    assert run(capsys, *edit)[0] == 0 and load_image(out).shape[1] == 2 * 128 + 2
    assert run(capsys, "edit", *search, "-o", out, "--direction", "sefa-0-1-2=-1", photo)[0] == 0  # in any order
    assert load_image(out).shape[1] == 3 * 128 + 4
    assert "name a photo" in run(capsys, "edit", "--direction", "sefa-0-1-2=-1", "--model", model)[1]
    code, said = run(capsys, "edit", photo, "--direction", "Smiling=1", *search)
    assert code == 2 and "no vector for 'Smiling'" in said
    code, said = run(capsys, "project", photo, tmp_path / "none.png", *search, "-o", folder)
    assert code == 1 and "1 of 2 pictures done" in said


def test_project_with_an_encoder_in_one_pass_and_by_a_tenth_of_the_search(model, photo, tmp_path, capsys, monkeypatch):
    looked: list[int] = []

    def features(pictures):
        looked.append(len(pictures))
        return [pictures.mean(axis=[2, 3], keepdim=True)]

    monkeypatch.setattr("ppgen.apps.stylegan2_model.faceid_layers", lambda box: features)
    encoder = save_network(style_networks.encoder_of(style_networks.tiny()), tmp_path / "encoder.safetensors")
    given = ["project", photo, "--no-align", "--model", model, "--encoder", encoder, "-o"]
    found = {}
    for name, words in {"fast": ["--fast"], "usual": []}.items():
        assert run(capsys, *given, tmp_path / name, *words)[0] == 0
        assert sorted(p.name for p in (tmp_path / name).iterdir()) == ["me.npz", "me_photo.png", "me_projected.png"]
        found[name] = read_latent(tmp_path / name / "me.npz", style_networks.tiny())
    said = StyleGANv2EditingPredictor(weight_path=model, encoder_path=encoder).invert(photo, align=False)
    np.testing.assert_array_equal(found["fast"].w_plus, said.latent.w_plus)
    assert found["fast"].noise is None and np.abs(found["usual"].w_plus - said.latent.w_plus).max() > 1e-3
    assert len(looked) == 1 + 30  # the photo, and a picture a step
    code, told = run(capsys, *given, tmp_path / "fast", "--fast", "--steps", 9)
    assert code == 2 and "--steps: has a meaning only with the search, which --fast leaves out" in told
    edit = ["edit", photo, "--channel", "1:0=2", "--no-align", "--fast", "--model", model, "-o", tmp_path / "edit.png"]
    assert run(capsys, *edit, "--encoder", encoder)[0] == 0 and len(looked) == 31  # no step more
    for given in (["project", photo, "--fast", "--model", model, "-o", tmp_path / "none"], edit):
        code, told = run(capsys, *given)
        assert code == 2 and "no encoder comes with this generator" in told


def test_a_strip_is_cut_not_squeezed(model, tmp_path, capsys):
    strip = np.zeros((500, 30, 3), np.uint8)
    strip[235:265] = 200
    search = ["--no-align", "--steps", 1, "--model", model]
    code, said = run(capsys, "project", save_image(tmp_path / "strip.png", strip), *search, "-o", tmp_path)
    assert code == 0 and "is 30x500 and no square" in said
    assert (load_image(tmp_path / "strip_photo.png") == 200).all()


def test_two_latents_are_each_drawn_with_their_noise(model, tmp_path, capsys):
    from ppgen.apps import StyleGANv2EditingPredictor
    from ppgen.latent.w_plus import Latent, save_latent

    drawer, rng = StyleGANv2EditingPredictor(weight_path=model), np.random.default_rng(0)
    w, shapes = rng.standard_normal((6, 8)).astype(np.float32), drawer.network.noise_shapes()
    noise = [5 * rng.standard_normal((1, *shape)).astype(np.float32) for shape in shapes]
    a, b, out = Latent(w, noise), Latent(w), tmp_path / "m.ppm"
    save_latent(tmp_path / "a.npz", a)
    save_latent(tmp_path / "b.npz", b)
    assert run(capsys, "mix", tmp_path / "a.npz", tmp_path / "b.npz", "--model", model, "-o", out)[0] == 0
    sheet = load_image(out)[-128:].astype(int)
    side = [sheet[4::8, 130 * i + 4 : 130 * i + 128 : 8] for i in range(3)]  # A, B, A with B's coarse layers, as drawn
    wanted = [drawer.picture(latent).array for latent in (a, b, a)]
    assert np.abs(wanted[0].astype(int) - wanted[1]).max() > 10
    assert all(np.abs(found - right).max() <= 1 for found, right in zip(side, wanted))


def test_channels_are_found_shown_and_moved(model, tmp_path, capsys):
    out = tmp_path / "c.png"
    code, said = run(capsys, "channels", "--model", model, "--styles", "0-1", "-n", 2, "-o", out)
    assert code == 0 and "grey levels" in said
    names = [line.split()[0] for line in said.splitlines() if "grey" in line]
    assert len(names) == 2 and all(name[0] in "01" for name in names)
    assert load_image(out).shape[0] > 2 * 128
    assert run(capsys, "channels", "--model", model, "--channel", names[0], "-o", out)[0] == 0
    np.save(tmp_path / "a.npy", np.zeros((6, 8), np.float32))
    edit = ["edit", tmp_path / "a.npy", "--model", model, "-o", out]
    assert run(capsys, *edit, "--channel", f"{names[0]}=5", f"{names[1]}=-5")[0] == 0
    assert load_image(out).shape[1] == 4 * 128 + 6
    for words, message in (
        (["--channel", "0:99=1"], "channels 0 to 11"),
        (["--channel", "0:1"], "STYLE:INDEX=AMOUNT"),
        ([], "at least one direction"),
    ):
        code, said = run(capsys, *edit, *words)
        assert code == 2 and message in said
    code, said = run(capsys, "channels", "--model", model, "--channel", "0:1", "--styles", "0", "-o", out)
    assert code == 2 and "one of --channel, --styles and --data" in said
    code, said = run(capsys, "channels", "--model", model, "--channel", "0:x", "-o", out)
    assert code == 2 and "'0:x': expected STYLE:INDEX" in said and "=0" not in said


def test_sefa_of_some_layers_is_saved_for_these_layers(model, tmp_path, capsys):
    out = tmp_path / "d.png"
    words = ["directions", "--model", model, "--sefa", "--layers", "coarse", "-n", 1, "--save", "-o", out]
    assert run(capsys, *words)[0] == 0
    vector = load_directions(model, "w")["sefa-coarse-1"]
    assert vector.shape == (6, 8)
    coarse = bands(style_networks.tiny())["coarse (4)"]
    assert (vector != 0).any(axis=1).nonzero()[0].tolist() == coarse and (vector[coarse] == vector[coarse[0]]).all()


def test_a_direction_is_shown_on_several_seeds(model, tmp_path, capsys):
    out, given = tmp_path / "d.png", ["directions", "--model", model]
    assert run(capsys, *given, "--sefa", "-n", 2, "--save", "-o", out)[0] == 0
    assert run(capsys, *given, "--names", "sefa-2", "--seeds", "3,5", "--span", 1, "-o", out)[0] == 0
    painter = StyleGANv2EditingPredictor(weight_path=model)
    one = {"sefa-2": painter.directions["sefa-2"]}
    sheet = painter.direction_sheet([3, 5], Directions(one, "w"), 1.0)
    np.testing.assert_array_equal(load_image(out), sheet.sheet())
    alone = [painter.direction_sheet(seed, Directions(one, "w"), 1.0).arrays for seed in (3, 5)]
    assert np.abs(sheet.arrays.astype(int) - np.concatenate(alone)).max() <= 1  # a row a seed
    assert load_image(out).shape[0] == 2 * 128 + 2 + 17  # and the amounts above
    code, said = run(capsys, *given, "--seeds", "0-999", "-o", out)
    assert code == 2 and "14000 pictures are more than the 10000" in said
    with pytest.raises(SystemExit):
        run(capsys, *given, "--seed", 1, "--seeds", "2", "-o", out)
    assert "not allowed with argument --seed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "bad", "told"),
    [
        (["interpolate"], "film.webm", "is not written as .webm; use a name that ends in .png"),
        (["interpolate"], "", "is a folder"),
        (["truncation"], "x", "a file without suffix"),
        (["mix"], "x.gif", "is not written as .gif"),
        (["mix", "a.npz", "b.npz"], "x.xyz", ".gif or .mp4"),
        (["edit", "me.jpg", "--direction", "a=1"], "x.xyz", "is not written as .xyz"),
        (["sample"], "x.tiff", "is not written as .tiff"),
        (["latent", "plane"], "", "is a folder"),
        (["latent", "interpolate"], "x", "a file without suffix"),
        (["latent", "morph", "a.jpg", "b.jpg"], "x.xyz", "is not written as .xyz"),
        (["latent", "arithmetic", "--add", "a=1"], "x.xyz", "is not written as .xyz"),
        (["latent", "traverse"], "x.xyz", "is not written as .xyz"),
        (["directions"], "", "is a folder"),
        (["directions"], "file/x.png", "is not a folder"),
        (["channels"], "x.gif", "is not written as .gif"),
        (["explain", "noise"], "x.gif", "is not written as .gif"),
        (["explain", "path"], "x.abc", "end the name in .png, .pdf or .svg"),
        (["explain", "path"], "", "is a folder"),
        (["project", "me.jpg"], "x.npz", "-o names a folder; leave .npz away"),
    ],
)
def test_outputs_are_checked_before_the_work(tmp_path, capsys, words, bad, told):
    (tmp_path / "file").write_text("")
    code, said = run(capsys, *words, "--model", "nothing", "-o", tmp_path / bad)
    assert "nothing: no such file" in run(capsys, "truncation", "--model", "nothing")[1]  # what work would say
    assert code == 2 and told in said and said.count("\n") == 1, said


def test_what_can_be_written_is_let_through(tmp_path):
    for suffix in files.IMAGES:
        files.check_output_file(str(tmp_path / f"x{suffix.upper()}"), film=False)
        save_image(tmp_path / f"x{suffix}", np.zeros((2, 2, 3), np.uint8))
    files.check_output_file(str(tmp_path / "new" / "x.mp4"))
    (tmp_path / "a.jpg.npz").mkdir()
    files.check_output_folder(str(tmp_path / "a.jpg.npz"))
    assert not (tmp_path / "new").exists()


def test_inputs_are_never_overwritten(model, photo, tmp_path, capsys, monkeypatch):
    before = load_image(photo)
    code, said = run(capsys, "edit", photo, "--direction", "a=1", "--model", model, "-o", photo)
    assert code == 2 and "is the input and would be overwritten" in said and (load_image(photo) == before).all()
    as_gif = tmp_path / "me.gif"  # what a film becomes where nothing writes MP4
    as_gif.write_bytes(Path(photo).read_bytes())
    code, said = run(capsys, "edit", as_gif, "--direction", "a=1", "--model", model, "-o", tmp_path / "me.mp4")
    assert code == 2 and "me.gif: is the input" in said
    monkeypatch.setattr("ppgen.apps.stylegan2_model.faceid_layers", lambda box: lambda x: [x])
    folder = tmp_path / "aa"
    for name in ("x.png", "x_photo.png"):
        save_image(folder / name, before)
    later = (folder / "x_photo.png").read_bytes()
    code, said = run(capsys, "project", folder, "--no-align", "--steps", 1, "--model", model, "-o", folder)
    assert code == 1 and "x_photo.png: is one of the inputs" in said and "1 of 2 pictures done" in said
    assert (folder / "x_photo.png").read_bytes() == later and (folder / "x_photo.npz").is_file()


def test_directions_are_not_sought_for_weights_that_cannot_hold_them(tmp_path, capsys):
    arrays = style_networks.paddlegan_arrays(style_networks.tiny())
    path = style_networks.write_pdparams(tmp_path / "old.pdparams", {"gen_ema": arrays})
    assert "99 directions" in run(capsys, "directions", "--sefa", "-n", 99, "--model", path)[1]
    code, said = run(capsys, "directions", "--sefa", "-n", 99, "--save", "--model", path, "-o", tmp_path / "d.png")
    assert code == 2 and "old.pdparams: directions are saved in our .safetensors only" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["directions"], "holds no directions"),
        (["directions", "--table", "a", "--method", "means"], "--table, --method: have a meaning only with --data DIR"),
        (["directions", "--names", "a"], "no vector for 'a' (there are: none; "),
        (["directions", "--sefa", "--names", "a"], "--names: has a meaning only with directions that have names"),
        (["channels", "--names", "a"], "--names: has a meaning only with --data DIR"),
        (["directions", "-n", "3"], "-n: has a meaning only with --sefa"),
        (["directions", "--save"], "--save: has a meaning only with --sefa or --data DIR"),
        (["directions", "--data", "faces128", "--samples", "-1"], "--samples -1: expected 2 or more"),
        (["directions", "--data", "faces128", "--seed", "-1"], "seed"),
        (["directions", "--data", "f", "--names", "Male", "--control", "Photo"], "--control Photo: expected some"),
        (["directions", "--data", "f", "--method", "optimized", "--layers", "coarse"], "leave --layers out"),
        (["channels", "--samples", "9"], "--samples: has a meaning only with --data DIR"),
        (["channels", "--channel", "0:0", "-n", "2"], "-n: has a meaning only with channels that are to be found"),
        (["channels", "-n", "0"], "a number (-n) of 1 or more"),
        (["mix", "a.npz", "b.npz", "--rows", "1"], "--rows: has a meaning only with seeds"),
        (["edit", "a.npz", "--direction", "a=1", "--no-noise"], "--no-noise: has a meaning only with a photo"),
        (["mix", "--layers", "coarse"], "--layers is of two latents"),
        (["mix", "--truncation", "nan"], "truncation: expected a finite number, found nan"),
        (["truncation", "--values", "nan"], "truncation: expected a finite number, found nan"),
        (["interpolate", "--truncation", "inf"], "truncation: expected a finite number, found inf"),
        (["directions", "--sefa", "--span", "nan"], "span: expected a finite number, found nan"),
        (["interpolate", "--seeds", "5-3"], "runs backwards"),
        (["interpolate", "--seeds", "1"], "2 latents"),
        (["edit", "x.png", "--direction", "Smiling"], "Smiling=1.5"),
        (["edit", "x.png", "--direction", "a=1", "a=2"], "'a' was named twice"),
        (["edit", "x.png", "--channel", "1:1=2", "--layers", "fine"], "layers are of directions"),
        (["sample", "--truncation", "nan"], "truncation: expected a finite number, found nan"),
        (["explain", "droplet", "--truncation", "nan"], "truncation: expected a finite number, found nan"),
        (["project", "x.png", "--steps", "0"], "at least 1 step"),
    ],
)
def test_says_what_is_wrong(model, tmp_path, capsys, words, told):
    code, said = run(capsys, *words, "--model", model)
    assert code == 2 and told in said and said.count("\n") == 1, said


def test_a_rate_of_films_is_known_before_the_work(model, capsys):
    for rate in ("0", "nan", "1e9", "x"):
        with pytest.raises(SystemExit, match="2"):
            cli.main(["interpolate", "--model", str(model), "--fps", rate])
        assert "above 0 and at most 100" in capsys.readouterr().err


def test_shipped_weights_keep_their_directions(model, tmp_path, capsys, monkeypatch):
    from ppgen import hub

    monkeypatch.setattr(hub, "ASSETS", tmp_path)
    monkeypatch.setattr(hub, "names", lambda: ["tiny"])
    code, said = run(capsys, "directions", "--sefa", "--save", "--model", "tiny", "-o", tmp_path / "d.png")
    assert code == 2 and "comes with ppgen and is not changed" in said and not load_directions(model, "w")
