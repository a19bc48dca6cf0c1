"""Two runs at equal images: what their logs have in common, and the picture of both."""

import json

import numpy as np

from ppgen.io.image import load_image, save_image


def run(folder, batch: int, scores: dict[int, float], shade: int = 0) -> str:
    """A folder with a log as trainings write it, and a sheet of one shade a validation."""
    folder.mkdir()
    rows = [{"step": step, "images": step * batch, "d": 1.0} for step in scores]
    rows += [{"step": step, "val_kid": kid, "val_kid_se": kid / 10} for step, kid in scores.items()]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for step in scores:
        save_image(folder / "samples" / f"step_{step:08d}.png", np.full((40, 30, 3), shade + step, np.uint8))
    return str(folder)


def test_runs_are_held_against_each_other_at_equal_images(benchmark, tmp_path, capsys):
    module, out, picture = benchmark("two_runs"), tmp_path / "out.json", tmp_path / "two.png"
    first = run(tmp_path / "logistic", 16, {10: 0.15, 20: 0.03, 30: 0.02})
    second = run(tmp_path / "relativistic", 8, {20: 0.12, 40: 0.04}, shade=100)
    assert module.main([first, second, "--picture", str(picture), "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert list(figures["kid"]) == ["160 images", "320 images"] and figures["equal images"] == 320
    assert figures["kid"]["320 images"]["logistic"] == 0.03 and figures["kid"]["320 images"]["relativistic"] == 0.04
    assert "0.12 ± 0.012" in capsys.readouterr().out
    board = load_image(picture)
    left, right = board[-20, 20], board[-20, board.shape[1] // 2 + 40]
    assert (left == 20).all() and (right == 140).all(), "the sheets of 320 images"
    alone = tmp_path / "curves.png"
    named = ["--names", "with", "without", "--curves-only", "--picture", str(alone), "--json", str(out)]
    assert module.main([first, second, *named]) == 0
    assert set(json.loads(out.read_text())["kid"]["320 images"]) >= {"with", "without"}
    assert len(load_image(alone)) < len(board)


def test_a_folder_of_one_sheet_or_none_will_do(benchmark, tmp_path):
    module = benchmark("two_runs")
    folders = [run(tmp_path / name, 16, {10: 0.1}) for name in ("a", "b")]
    for name in ("a", "b"):
        (tmp_path / name / "samples" / "step_00000010.png").unlink()
    save_image(tmp_path / "a" / "samples.png", np.full((40, 40, 3), 7, np.uint8))
    runs = {name: module.read_scores(tmp_path / name) for name in ("a", "b")}
    assert runs["a"].sheet(160).name == "samples.png" and runs["b"].sheet(160) is None
    assert module.main([*folders, "--picture", str(tmp_path / "two.png")]) == 0


def test_runs_that_cannot_be_compared_say_why(benchmark, tmp_path, capsys):
    module = benchmark("two_runs")
    first, other = run(tmp_path / "a", 16, {10: 0.1}), run(tmp_path / "b", 16, {11: 0.1})
    for words, said in (
        ((first, other), "never validated at equal images"),
        ((first, first), "named twice"),
        ((first, str(tmp_path)), "no log.jsonl"),
    ):
        assert module.main([*words, "--picture", str(tmp_path / "two.png")]) == 2
        assert said in capsys.readouterr().err
