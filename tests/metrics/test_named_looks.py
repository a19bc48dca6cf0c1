"""The looks whose judges name what they see: the photo of a reconstruction, the direction of a face."""

import numpy as np
import pytest
import style_networks
from conftest import write_table

from ppgen.datasets.files import is_held_back
from ppgen.io.image import load_image, save_image
from ppgen.io.weights import save_network
from ppgen.latent.attributes import Directions, save_directions
from ppgen.networks.vae import ConvVAE


def answers(path, words) -> str:
    path.write_text("".join(f"{place} {word}\n" for place, word in enumerate(words, start=1)))
    return str(path)


@pytest.fixture
def faces(monkeypatch, tmp_path):
    """Twelve held-back faces, six of men."""
    rows, rng = [], np.random.default_rng(0)
    for name in filter(is_held_back, map(str, range(1000))):
        if len(rows) == 12:
            break
        picture = rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)
        save_image(tmp_path / "nobody_faces" / f"{name}.png", picture)
        rows.append({"id": name, "Male": len(rows) % 2})
    write_table(tmp_path / "nobody_faces" / "meta.csv", rows)
    monkeypatch.setenv("PPGEN_DATA", str(tmp_path))


def test_a_row_shows_the_photo_among_others_of_its_gender(benchmark, faces, tmp_path, capsys):
    look = benchmark("match_look")
    dataset = look.face_dataset(64, "validation", "nobody_faces")
    rows, male = look.questions(dataset, 9), look.answers_of(dataset)["Male"]
    assert len({row.face for row in rows}) == 9
    assert all(len(set(row.shown)) == 5 and set(male[row.shown]) == {male[row.face]} for row in rows)
    weights = save_network(ConvVAE(2, 64, 3, [2, 2, 2, 2]), tmp_path / "vae.safetensors")
    assert look.main(["--weights", str(weights), "--count", "9", "--folder", str(tmp_path)]) == 0
    assert load_image(tmp_path / "match_1.png").shape[0] > 8 * look.SIDE > load_image(tmp_path / "match_2.png").shape[0]
    right = answers(tmp_path / "one.txt", [row.answer for row in rows])
    wrong = answers(tmp_path / "two.txt", ["ABCDE"["ABCDE".index(row.answer) - 1] for row in rows])
    figures = look.count_found(
        {name: look.read_choices(tmp_path / name, "ABCDE") for name in ("one.txt", "two.txt")}, rows
    )
    assert figures["judges"] == {"one.txt": {"found": 1.0}, "two.txt": {"found": 0.0}}
    assert look.main(["--judges", right, wrong, "--count", "10"]) == 2
    assert "no answer to 10" in capsys.readouterr().err


def test_a_direction_is_seen_where_both_judges_name_it(benchmark, tmp_path, capsys):
    look = benchmark("directions_look")
    network = style_networks.tiny()
    weights = save_network(network, tmp_path / "tiny.safetensors")
    rng = np.random.default_rng(0)
    moves = {name: rng.normal(size=network.latent_dim).astype(np.float32) for name in ("Male", "Young", "sefa-1")}
    save_directions(weights, Directions(moves, "w"))
    common = ["--weights", str(weights)]
    assert look.main([*common, "--folder", str(tmp_path)]) == 0
    assert "Male, Young, none" in capsys.readouterr().out
    assert load_image(tmp_path / "directions_1.png").shape[1] > 8 * look.SIDE
    pairs = look.pairs_of(["Male", "Young"])
    told = [pair.direction for pair in pairs]
    assert len({pair.seed for pair in pairs}) == len(pairs) == 30 and set(told) == {"Male", "Young", "none"}
    one = answers(tmp_path / "one.txt", told)
    doubts = iter(range(told.count("Male") // 2))  # pairs in which Male is not seen
    two = answers(tmp_path / "two.txt", ["none" if w == "Male" and next(doubts, None) is not None else w for w in told])
    assert look.main([*common, "--judges", one, one]) == 0
    assert look.main([*common, "--judges", one, two]) == 1
    assert "MISSED" in capsys.readouterr().out
