"""The look at seeds: sheets that hold every seed, and the count of what two judges call broken."""

import style_networks

from ppgen.io.image import load_image
from ppgen.io.weights import save_network


def verdicts(path, broken: set[int], seeds: int = 64) -> str:
    path.write_text("".join(f"{seed} {'broken' if seed in broken else 'ok'}\n" for seed in range(seeds)))
    return str(path)


def test_three_of_64_may_be_broken_for_both(benchmark, tmp_path, capsys):
    look = benchmark("seeds_look")
    one = verdicts(tmp_path / "one.txt", {1, 2, 3, 4})
    assert look.main(["--judges", one, verdicts(tmp_path / "two.txt", {2, 3, 4, 60, 61})]) == 0
    assert "2, 3, 4" in capsys.readouterr().out
    assert look.main(["--judges", one, verdicts(tmp_path / "two.txt", {1, 2, 3, 4})]) == 1
    assert "<= 3" in capsys.readouterr().out


def test_verdicts_that_do_not_fit_the_sheets_are_named(benchmark, tmp_path, capsys):
    look = benchmark("seeds_look")
    one = verdicts(tmp_path / "one.txt", set())
    for text, said in (("0 ok\n", "no verdict on 1, 2"), ("0 fine\n", "does not read NUMBER ok|broken")):
        (tmp_path / "two.txt").write_text(text)
        assert look.main(["--judges", one, str(tmp_path / "two.txt")]) == 2
        assert said in capsys.readouterr().err
    assert look.main(["--judges", one, verdicts(tmp_path / "two.txt", set(), 65)]) == 2
    assert "64: not on the sheets" in capsys.readouterr().err
    assert look.main(["--judges", one, one]) == 2 and look.main([]) == 2


def test_sheets_hold_every_seed(benchmark, tmp_path):
    look = benchmark("seeds_look")
    weights = save_network(style_networks.tiny(), tmp_path / "tiny.safetensors")
    assert look.main(["--weights", str(weights), "--seeds", "0-33", "--side", "16", "--folder", str(tmp_path)]) == 0
    first, second = (load_image(tmp_path / f"seeds_{number}.png") for number in (1, 2))
    assert first.shape[0] > 4 * 16 and 16 < second.shape[0] < 2 * 32
