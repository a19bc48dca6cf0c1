"""What ppgen sets before Paddle is imported, in child processes: each starts from a clean environment."""

import json
import platform
import sys
import types
from importlib import metadata

import pytest
from conftest import ROOT

from ppgen import device
from ppgen.errors import PPGenError

REPORT = """
import json, os
print("REPORT" + json.dumps({k: os.environ.get(k) for k in
    ("MKL_DEBUG_CPU_TYPE", "FLAGS_paddle_num_threads", "GLOG_minloglevel")}))
"""
# A module that only looks like Paddle: these tests are about what we do around its import.
ALREADY_IMPORTED = "import sys, types; sys.modules['paddle'] = types.ModuleType('paddle')\n"
PREPARE = "import ppgen\n"
# What /proc/cpuinfo says
PRETEND = "import pathlib\npathlib.Path.read_text = lambda self: {!r}\n"
PRETEND_AMD, PRETEND_OTHER = PRETEND.format("AuthenticAMD"), PRETEND.format("GenuineIntel")


def environment_after(run_python, code: str, **variables: str) -> tuple[dict[str, str | None], str]:
    """The three variables after `code` in a child process, and its stderr."""
    result = run_python("-W", "always", "-c", code + REPORT, **variables)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.split("REPORT")[1]), result.stderr


def test_sets_what_the_cpu_wheel_needs(run_python):
    found, stderr = environment_after(run_python, PRETEND_AMD + PREPARE)
    assert found["MKL_DEBUG_CPU_TYPE"] == "5"
    assert found["FLAGS_paddle_num_threads"] == str(device.cpu_count())
    assert "Warning" not in stderr


def test_sets_the_matmul_path_on_amd_only(run_python):
    found, _ = environment_after(run_python, PRETEND_OTHER + PREPARE)
    assert found["MKL_DEBUG_CPU_TYPE"] is None
    assert found["FLAGS_paddle_num_threads"] == str(device.cpu_count())


def test_keeps_the_users_own_settings(run_python):
    own = {"MKL_DEBUG_CPU_TYPE": "4", "FLAGS_paddle_num_threads": "7", "GLOG_minloglevel": "0"}
    found, stderr = environment_after(run_python, PRETEND_AMD + PREPARE, **own)
    assert found == own
    assert "Warning" not in stderr


def test_paddle_already_imported_warns_and_changes_nothing(run_python):
    code = ALREADY_IMPORTED + PRETEND_AMD + PREPARE
    found, stderr = environment_after(run_python, code)
    assert set(found.values()) == {None}
    assert stderr.count("paddle was imported before ppgen") == 1
    assert "MKL_DEBUG_CPU_TYPE=5" in stderr


def test_paddle_already_imported_is_silent_when_the_user_has_set_it_up(run_python):
    own = {"MKL_DEBUG_CPU_TYPE": "5", "FLAGS_paddle_num_threads": "1"}
    found, stderr = environment_after(run_python, ALREADY_IMPORTED + PRETEND_AMD + PREPARE, **own)
    assert found == {**own, "GLOG_minloglevel": None}
    assert stderr == ""


def test_real_paddle_gets_its_threads_and_no_noise(run_python):
    code = "import ppgen, paddle\n"
    code += "print(paddle.get_flags('FLAGS_paddle_num_threads')['FLAGS_paddle_num_threads'])"
    result = run_python("-W", "always", "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == [str(device.cpu_count())]
    assert result.stderr == ""


def test_real_paddle_imported_first_warns_once(run_python):
    code = "import paddle\n" + PRETEND_AMD + PREPARE
    found, stderr = environment_after(run_python, code)
    assert found["FLAGS_paddle_num_threads"] is None
    assert stderr.count("paddle was imported before ppgen") == 1


def test_missing_paddle_is_one_clear_message(run_python, tmp_path):
    code = "import sys\nsys.path = [p for p in sys.path if 'site-packages' not in p]\n"
    code += "from ppgen.errors import PPGenError\ntry:\n    import paddle\n"
    code += "except ImportError as error:\n    print(isinstance(error, PPGenError), error)\n"
    found = run_python("-c", code).stdout
    assert found.startswith("True PaddlePaddle is not installed: pip install 'paddlepaddle>=3,<4' is the CPU build")
    assert device.GPU_INSTALL in found
    assert device.GPU_INSTALL in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_missing_opencv_is_one_sentence_in_ppgen_and_none_of_others_business(run_python):
    code = "import sys, importlib.util\nimport ppgen\n"
    code += "import importlib.machinery as m\nreal = m.PathFinder.find_spec\n"
    code += "m.PathFinder.find_spec = lambda name, *a, **k: None if name == 'cv2' else real(name, *a, **k)\n"
    code += "print(importlib.util.find_spec('cv2'))\n"
    code += "try:\n    import ppgen.datasets.files\n"
    code += "except ImportError as error:\n    print(type(error).__name__, error)\n"
    found = run_python("-c", code)
    none, said = found.stdout.splitlines()
    assert none == "None"
    assert said.startswith("MissingOpenCV OpenCV is not installed: run pip install opencv-python-headless")


def test_two_variants_of_opencv_are_a_warning(monkeypatch):
    there = {"opencv-python": "4.12", "opencv-python-headless": "4.10"}

    def version(name):
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(device.metadata, "version", version)
    assert "write over each other" in device.opencv() and "opencv-python 4.12" in device.opencv()
    del there["opencv-python"]
    assert device.opencv() == "opencv-python-headless 4.10"
    there.clear()
    assert device.opencv().startswith("not installed: pip install")


def test_a_command_without_paddle_says_so_in_one_line(run_python):
    code = "import sys\nfrom ppgen.cli import main\nsys.modules['paddle'] = None\nsys.exit(main(['env']))\n"
    result = run_python("-c", code)
    assert result.returncode == 2
    assert result.stderr.startswith("error: PaddlePaddle is installed but cannot be imported")


def test_an_old_paddle_is_one_clear_message(monkeypatch):
    old = types.ModuleType("paddle")
    old.__version__ = "2.6.2"
    monkeypatch.setitem(sys.modules, "paddle", old)
    with pytest.raises(PPGenError, match="needs PaddlePaddle 3, and 2.6.2 is installed"):
        device.check_paddle()


def test_env_tells_who_chose_what(run_python):
    result = run_python("-m", "ppgen", "env", FLAGS_paddle_num_threads="1")
    assert result.returncode == 0, result.stderr
    found = dict(line.split(None, 1) for line in result.stdout.splitlines())
    assert found["FLAGS_paddle_num_threads"] == "1 (set by you)"
    assert found["GLOG_minloglevel"] == "2 (chosen by ppgen)"
    assert found["device"].split(":")[0] in ("cpu", "gpu")


ALLOCATE = """
import ctypes, resource
from ppgen import device
kept = device.keep_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def touch():
    block = libc.malloc(2**26)
    ctypes.memset(block, 1, 2**26)
    libc.free(block)
touch()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    touch()
print("REPORT", int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_memory_that_a_step_frees_serves_the_next_one(run_python):
    kept, faults = map(int, run_python("-c", ALLOCATE).stdout.split("REPORT")[1].split())
    assert kept and faults < 1000, "the kernel cleared the pages again"
    own = run_python("-c", ALLOCATE, MALLOC_ARENA_TEST="8").stdout.split("REPORT")[1].split()
    assert own[0] == "0" and int(own[1]) > 1000, "a user's own settings stay"


def _group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("cpu_", "cpu.", 1)).write_text(text)


def test_control_groups_limit_the_cores(tmp_path):
    own = tmp_path / "own"
    _group(tmp_path / "a" / "b", cpu_max="max 100000")
    _group(tmp_path / "a", cpu_max="150000 100000")  # of the group above, which holds too
    own.write_text("0::/a/b\n")
    assert device._group_limit(tmp_path, own) == 1.5
    _group(tmp_path / "cpu" / "c", cpu_cfs_quota_us="50000\n", cpu_cfs_period_us="100000\n")
    own.write_text("9:name=systemd:/\n1:cpu,cpuacct:/c\n")
    assert device._group_limit(tmp_path, own) == 0.5
    own.write_text("0::/nowhere\n")
    assert device._group_limit(tmp_path, own) == float("inf")
    assert device._group_limit(tmp_path, tmp_path / "no Linux") == float("inf")
