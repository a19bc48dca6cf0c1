"""Which backend runs networks: `PPGEN_RUNTIME`, else ONNX Runtime where it is installed, else eager Paddle.

Measured on the shipped networks on two cores, ONNX Runtime is the fastest, and the only one that never crashed:
`paddle.inference` with oneDNN ends the process inside one of its passes (Paddle 3.3.1), so it is no choice here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata, util
from typing import Literal, get_args

from ppgen.errors import ConfigError

Backend = Literal["eager", "onnx"]
VARIABLE = "PPGEN_RUNTIME"
BACKENDS: tuple[Backend, ...] = get_args(Backend)


def backend() -> Backend:
    """ "onnx" or "eager".

    Raises ConfigError: `PPGEN_RUNTIME` is another word, or asks for what is not installed.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in BACKENDS:
        raise ConfigError(f"{VARIABLE}={wanted}: give {' or '.join(BACKENDS)}, or leave it out")
    if wanted == "onnx" and not _installed("onnxruntime"):
        raise ConfigError(f"{VARIABLE}=onnx: ONNX Runtime is not installed; run pip install onnxruntime")
    if wanted:
        return "eager" if wanted == "eager" else "onnx"
    return "onnx" if _installed("onnxruntime") and not version("paddlepaddle-gpu") else "eager"


def describe(threads: int) -> str:
    """What `ppgen env` says: the backend, and why it is this one."""
    chosen = os.environ.get(VARIABLE) and f" ({VARIABLE} is set)"
    if backend() == "onnx":
        exporter = version("paddle2onnx")
        ways = f"graphs by paddle2onnx {exporter}" if exporter else "no paddle2onnx: only graphs that are cached"
        return f"ONNX Runtime {version('onnxruntime')}, threads {threads}, {ways}{chosen or ''}"
    reason = "" if chosen else " (Paddle's GPU build)" if version("paddlepaddle-gpu") else " (no ONNX Runtime)"
    return f"eager Paddle{chosen or reason}"


def _installed(module: str) -> bool:
    return util.find_spec(module) is not None


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


#: the version of an installed distribution, "" where there is none; looked up once
version: Callable[[str], str] = lru_cache(_version)
