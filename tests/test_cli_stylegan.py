"""StyleGAN2's commands, from the command line to the file, with a tiny untrained generator."""

import numpy as np
import pytest
import style_networks
from PIL import Image

from ppgen import cli
from ppgen.device import import_paddle

paddle = import_paddle()

from ppgen.io.image import load_image, save_image  # noqa: E402
from ppgen.io.weights import save_network  # noqa: E402
from ppgen.latent.attributes import load_directions  # noqa: E402


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


def test_a_film_without_an_encoder_is_a_gif_and_says_so(model, tmp_path, capsys, monkeypatch):
    from ppgen.io import movie

    monkeypatch.setattr(movie, "ffmpeg_program", lambda: None)
    monkeypatch.setattr(movie, "_through_opencv", lambda *_: False)
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
        "ppgen.apps.styleganv2_fitting._face_features", lambda: lambda x: [x.mean(axis=[2, 3], keepdim=True)]
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
    assert run(capsys, "edit", photo, "--direction", "sefa-0-1-2=-1", *search, "-o", out)[0] == 0
    assert load_image(out).shape[1] == 3 * 128 + 4
    code, said = run(capsys, "edit", photo, "--direction", "Smiling=1", *search)
    assert code == 2 and "no vector for 'Smiling'" in said
    code, said = run(capsys, "project", photo, tmp_path / "none.png", *search, "-o", folder)
    assert code == 1 and "1 of 2 pictures done" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["directions"], "holds no directions"),
        (["interpolate", "--seeds", "5-3"], "runs backwards"),
        (["interpolate", "--seeds", "1"], "2 latents"),
        (["edit", "x.png", "--direction", "Smiling"], "Smiling=1.5"),
        (["project", "x.png", "--steps", "0"], "at least 1 step"),
    ],
)
def test_says_what_is_wrong(model, tmp_path, capsys, words, told):
    code, said = run(capsys, *words, "--model", model)
    assert code == 2 and told in said and said.count("\n") == 1, said
