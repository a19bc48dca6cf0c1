"""`import ppgen` and `ppgen --help` are instant and import nothing heavy."""

import pytest

HEAVY = ("paddle", "numpy", "cv2", "dlib", "scipy", "skimage", "matplotlib", "PIL", "yaml", "safetensors")

IMPORT = "import ppgen"
HELP = """
import runpy, sys
sys.argv = ["ppgen", "--help"]
try:
    runpy.run_module("ppgen", run_name="__main__")
except SystemExit as stop:
    assert stop.code == 0
"""
LINK = """
import runpy, sys
sys.argv = ["ppgen", "data", "link", "--data", "{}"]
try:
    runpy.run_module("ppgen", run_name="__main__")
except SystemExit as stop:
    assert stop.code == 0
"""


def heavy_after(run_python, code: str, **variables: str) -> list[str]:
    """The heavy packages that `code` leaves in sys.modules of a child process."""
    report = f"\nimport sys; print('HEAVY', *[name for name in {HEAVY!r} if name in sys.modules])"
    result = run_python("-c", code + report, **variables)
    assert result.returncode == 0, result.stderr
    return result.stdout.rsplit("HEAVY", 1)[1].split()


@pytest.mark.parametrize("code", [IMPORT, HELP], ids=["import", "help"])
def test_imports_nothing_heavy(run_python, code):
    assert heavy_after(run_python, code) == []


def test_make_data_needs_nothing_installed(run_python, tmp_path):
    code = LINK.format(tmp_path / "data")
    assert heavy_after(run_python, code, PPGEN_SHARED=str(tmp_path / "nothing")) == []


def test_the_check_itself_can_see_a_heavy_import(run_python):
    assert heavy_after(run_python, "import numpy") == ["numpy"]


def modules(run_python, code: str) -> int:
    """How many modules a child process has imported in the end."""
    result = run_python("-c", f"{code}\nimport sys; print('MODULES', len(sys.modules))")
    assert result.returncode == 0, result.stderr
    return int(result.stdout.rsplit("MODULES", 1)[1])


@pytest.mark.parametrize(("code", "most"), [(IMPORT, 120), (HELP, 200)], ids=["import", "help"])
def test_imports_few_modules_more_than_an_empty_python(run_python, code, most):
    assert modules(run_python, code) - modules(run_python, "pass") <= most
