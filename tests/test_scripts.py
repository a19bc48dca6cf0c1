"""PaddleGAN's scripts without a clone: `python -m ppgen.apps.NAME` is `applications/tools/NAME.py`."""

import pytest
from conftest import ROOT

NAMES = sorted(path.stem for path in (ROOT / "applications/tools").glob("*.py"))


def test_each_has_its_module():
    assert NAMES and {path.stem for path in (ROOT / "ppgen/cli/scripts").glob("*.py")} == {"__init__", *NAMES}


@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])])
def test_both_ways_say_the_same(run_python, name):
    helps = [
        run_python(*way, "--help") for way in (["-m", f"ppgen.apps.{name}"], [f"applications/tools/{name}.py"])
    ]  # fmt: skip
    assert [done.returncode for done in helps] == [0, 0], helps[0].stderr
    assert helps[0].stdout == helps[1].stdout and f"usage: {name}.py" in helps[0].stdout
