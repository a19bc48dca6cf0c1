"""CPU or GPU, decided in one place, before Paddle is imported.

Paddle's CPU wheel brings a matrix library that takes a slow path on AMD processors and runs on one thread
unless told otherwise. Both are set by environment variables that are read once, at `import paddle`, so `import ppgen`
sets them (`prepare`); a value that the user has set is never changed.
"""

import ctypes
import math
import os
import platform
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Literal

from ppgen.errors import PPGenError

#: variables that say how many threads Paddle, ONNX Runtime, OpenBLAS, OpenMP and OpenCV use, where they are read
_THREADS = (
    "PPGEN_THREADS", "FLAGS_paddle_num_threads", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM",
)  # fmt: skip

_chosen: set[str] = set()  # variables that this process set, as opposed to the user


def _is_amd() -> bool:
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return "AMD" in platform.processor()


def cpu_count() -> int:
    """Cores this process may use: those it is bound to, and no more than its control group's share of time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _group_limit())))


def _group_limit(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Cores' worth of time that Linux's control groups, version 2 or 1, leave this process; infinite without a limit.

    A limit above holds too, so every group from the process's own up is asked.
    """
    try:
        paths = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:  # no Linux
        return math.inf
    limits = [math.inf]
    for _, controllers, path in (line for line in paths if len(line) == 3):
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            limits.append(_limit_in(folder))
            if folder == top:
                break
    return min(limits)


def _limit_in(folder: Path) -> float:
    """Cores' worth of time that a control group allows itself."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return math.inf if quota in ("max", "-1") else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf


def memory() -> float:
    """Gigabytes of this machine; infinite where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return float("inf")


def _processes_here() -> int:
    """Training processes that share this machine's cores, as Paddle's launcher says."""
    for name in ("PADDLE_LOCAL_SIZE", "PADDLE_TRAINERS_NUM"):
        if os.environ.get(name, "").isdecimal():
            return max(1, int(os.environ[name]))
    return 1


def wanted_environment() -> dict[str, str]:
    """The variables ppgen would like to see set before Paddle is imported, and their values."""
    threads = max(1, cpu_count() // _processes_here())
    wanted = {"FLAGS_paddle_num_threads": str(threads), "GLOG_minloglevel": "2"}
    if _is_amd():
        # MKL's own switch: without it its AVX2 kernels are reserved for Intel processors.
        wanted["MKL_DEBUG_CPU_TYPE"] = "5"
    return wanted


def threads_environment(threads: int) -> dict[str, str]:
    """Variables for a process that is to compute with so many threads, but for those that the user has set."""
    return {name: str(threads) for name in _THREADS if name in _chosen or name not in os.environ}


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """What processes find that are started in the block, beside this process's own."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def prepare() -> None:
    """Set what Paddle's CPU wheel needs, and what a missing one says; where Paddle is imported already, only warn."""
    sys.meta_path.append(_ExplainMissing())
    # Paddle's start-up note on a compiler cache is not for people who compile nothing
    warnings.filterwarnings("ignore", message="No ccache found", category=UserWarning)
    # nor is its note, at every layer's first step, that batch norm does in training what batch norm does
    warnings.filterwarnings("ignore", message="When training, we now always track", category=UserWarning)
    missing = {k: v for k, v in wanted_environment().items() if k not in os.environ}
    if "paddle" not in sys.modules:
        os.environ.update(missing)
        _chosen.update(missing)
        return
    slow = {k: v for k, v in missing.items() if k in ("FLAGS_paddle_num_threads", "MKL_DEBUG_CPU_TYPE")}
    if slow:
        settings = " ".join(f"{k}={v}" for k, v in slow.items())
        left = "paddle was imported before ppgen, so its settings for this processor were left alone"
        advice = f"for more speed on a CPU, import ppgen before paddle, or set {settings} in the environment"
        warnings.warn(f"{left}; {advice}", stacklevel=3)


class MissingPaddle(PPGenError, ModuleNotFoundError):
    """`import paddle` where it is not installed; says how to install it."""


class MissingOpenCV(PPGenError, ModuleNotFoundError):
    """`import cv2` in ppgen where no variant of OpenCV is installed."""


#: Paddle's GPU build, which the Python package index has no current one of; other CUDA versions: paddlepaddle.org.cn
GPU_INSTALL = "pip install paddlepaddle-gpu==3.3.1 -i https://www.paddlepaddle.org.cn/packages/stable/cu126/"


class _ExplainMissing:
    """Stands behind Python's own finders, so it is asked for Paddle and OpenCV only where there is none."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "paddle":
            advice = f"pip install 'paddlepaddle>=3,<4' is the CPU build, {GPU_INSTALL} that for CUDA 12.6"
            raise MissingPaddle(f"PaddlePaddle is not installed: {advice}", name=name)
        if name == "cv2" and _imported_by().startswith("ppgen"):  # others may only want to know
            advice = "run pip install opencv-python-headless (opencv-python and opencv-contrib-python serve as well)"
            raise MissingOpenCV(f"OpenCV is not installed: {advice}", name=name)


def _imported_by() -> str:
    """The module whose import statement is being carried out."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")) if frame is not None else ""


def opencv() -> str:
    """Which variant of OpenCV is installed; and a warning where two are, as they write over each other's files."""
    names = ["opencv-python", "opencv-contrib-python", "opencv-python-headless", "opencv-contrib-python-headless"]
    there = {}
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            there[name] = metadata.version(name)
    if not there:
        return "not installed: pip install opencv-python-headless"
    said = ", ".join(f"{name} {version}" for name, version in there.items())
    if len(there) == 1:
        return said
    keep = next(iter(there))
    mend = f"pip uninstall {' '.join(there)}, then pip install {keep}"
    return f"{said}: they write over each other's files; keep one: {mend}"


def check_paddle() -> None:
    """PPGenError where Paddle is missing, cannot be imported, or is too old."""
    try:
        import paddle
    except MissingPaddle:
        raise
    except ImportError as error:
        raise PPGenError(f"PaddlePaddle is installed but cannot be imported: {error}") from error
    if paddle.__version__.split(".")[0] in ("1", "2"):  # a development build calls itself 0.0.0
        raise PPGenError(f"ppgen needs PaddlePaddle 3, and {paddle.__version__} is installed: upgrade it")


def select(prefer_gpu: bool = True) -> str:
    """Choose and set Paddle's device: "gpu:<local rank>" where Paddle has CUDA and a card, else "cpu".

    Raises PPGenError as `check_paddle`.
    """
    check_paddle()
    import paddle

    name = "cpu"
    if prefer_gpu and paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 0:
        rank = os.environ.get("PADDLE_LOCAL_RANK", os.environ.get("FLAGS_selected_gpus", "0"))
        name = f"gpu:{rank.split(',')[0]}"
    paddle.set_device(name)
    return name


# <malloc.h>: return memory at the top of the heap once so much lies idle; how many blocks the kernel maps one by one.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Let the C library keep freed memory for the next step; whether it does.

    A training step on a CPU frees hundreds of large tensors and allocates the same again. glibc gives them back to the
    kernel, which clears every page anew (`benchmarks/engine.py kept`). Other C libraries, and a user's own MALLOC_
    variables or GLIBC_TUNABLES, are left alone. For programs that train: a library that is called now and then should
    give back.
    """
    own = any(name.startswith("MALLOC_") for name in os.environ) or "malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or own:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, 2**31 - 1))


def on_cpu() -> bool:
    """Whether operations run on the CPU now: for the few that Paddle does slowly there."""
    import paddle

    return paddle.get_device() == "cpu"


def half_precision() -> Literal["bfloat16", "float16", "float32"]:
    """ "bfloat16" or "float16" if the chosen device trains in it, else "float32".

    On a CPU Paddle accepts half precision and silently computes in float32.
    """
    import paddle

    if not paddle.get_device().startswith("gpu"):
        return "float32"
    return "bfloat16" if paddle.amp.is_bfloat16_supported() else "float16"


def peak_memory() -> float:
    """The most memory this process has held, in GiB: of the card where one is used, else resident memory."""
    import paddle

    if paddle.get_device().startswith("gpu"):
        return paddle.device.cuda.max_memory_allocated() / 2**30
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def describe() -> dict[str, str]:
    """What was found and chosen: for `ppgen env` and for the record beside a run's weights."""
    import paddle

    facts = {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": "AMD" if _is_amd() else platform.processor() or platform.machine(),
        "cores": str(cpu_count()),
        "paddle": paddle.__version__,
        "device": select(),
    }
    for key in wanted_environment():
        origin = "chosen by ppgen" if key in _chosen else "set by you"
        facts[key] = f"{os.environ[key]} ({origin})" if key in os.environ else "not set"
    return facts
