"""Data-parallel training by hand: gradients are averaged over processes after each backward.

Paddle's DataParallel leaves a backward that holds only a penalty unreduced, silently; averaging the
gradients ourselves is right for every phase.
"""

import hashlib
import io
import os
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import TypeVar

import paddle
import paddle.distributed as dist
from paddle import nn

from ppgen.errors import TrainingDiverged
from ppgen.io.atomic import write_text

T = TypeVar("T")


def world_size() -> int:
    """Number of training processes."""
    return int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))


def rank() -> int:
    """This process's number, 0 for the one that writes."""
    return int(os.environ.get("PADDLE_TRAINER_ID", "0"))


def start() -> None:
    """Join the other processes, if the launcher started several; on CPUs they talk by Gloo."""
    if world_size() > 1 and not dist.is_initialized():
        if paddle.get_device() == "cpu":
            os.environ.setdefault("PADDLE_DISTRI_BACKEND", "gloo")
        with redirect_stderr(io.StringIO()):  # its box of "Modified FLAGS", which are Paddle's own; failures are raised
            dist.init_parallel_env()


def broadcast(tensors: list[paddle.Tensor]) -> None:
    """Give every process rank 0's values."""
    if world_size() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, src=0)


def agree(number: int) -> int:
    """Rank 0's number, on every process."""
    value = paddle.to_tensor([number], dtype="int64")
    broadcast([value])
    return int(value.numpy()[0])


def wait_for_first(marker: Path, token: str) -> None:
    """Rank 0 leaves `token` in a file; the others wait until it is there.

    For work that only rank 0 does: a collective would give up on it after Gloo's 30 seconds. If rank 0 dies,
    the launcher ends the waiting processes.
    """
    if world_size() == 1:
        return
    if rank() == 0:
        write_text(marker, token)
        return
    while not marker.is_file() or marker.read_text() != token:
        time.sleep(0.2)


def any_rank(flag: bool) -> bool:
    """True everywhere if `flag` is true on some process."""
    if world_size() == 1:
        return flag
    value = paddle.to_tensor([float(flag)])
    dist.all_reduce(value)
    return bool(value.numpy()[0] > 0)


def check_same(networks: dict[str, nn.Layer], step: int) -> None:
    """TrainingDiverged if a process holds other parameters than the rest: then it averages gradients in vain.

    Buffers may differ: running statistics are those of each process's own samples; rank 0's are kept.
    """
    if world_size() == 1:
        return
    for name, network in networks.items():
        digest = hashlib.blake2b(digest_size=7)
        for parameter in network.parameters():
            if parameter.trainable:  # Paddle counts running statistics among the parameters
                digest.update(parameter.numpy().tobytes())
        number = int.from_bytes(digest.digest(), "little")
        low, high = paddle.to_tensor([number], "int64"), paddle.to_tensor([number], "int64")
        dist.all_reduce(low, op=dist.ReduceOp.MIN)
        dist.all_reduce(high, op=dist.ReduceOp.MAX)
        if low.item() != high.item():
            what = f"step {step}: the processes hold different weights of '{name}'"
            recipe = "a recipe that draws other random numbers per process must do so from step.rng"
            raise TrainingDiverged(f"{what}; --resume goes on from the last checkpoint, and {recipe}")


def gather(own: T) -> list[T]:
    """What every process gives (arrays, texts, None), in the order of their ranks."""
    if world_size() == 1:
        return [own]
    everything: list[T] = []
    dist.all_gather_object(everything, own)
    return everything


_LARGE = 1 << 16  # values; smaller gradients travel together


def average_gradients(parameters: list[paddle.Tensor]) -> None:
    """Replace every parameter's gradient by its mean over processes.

    A parameter without a gradient here may have one elsewhere, and then takes part as zeros. One that has none
    anywhere, such as a layer that a growing network has not come to, keeps none: its optimizer does not begin yet.
    Large gradients are summed where they lie: joining all of them and cutting them apart again took five times as long.
    """
    if world_size() == 1:
        return
    parameters = _reached(parameters)
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = paddle.zeros_like(parameter)
    # read back, as Paddle keeps a copy of what is set
    gradients = [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
    small = [(parameter, gradient.reshape([-1])) for parameter, gradient in gradients if parameter.size < _LARGE]
    for parameter, gradient in gradients:
        if parameter.size >= _LARGE:
            whole = gradient.detach()  # the same memory; Paddle refuses to write into some gradients directly
            dist.all_reduce(whole)
            whole.scale_(1 / world_size())
    if not small:
        return
    flat = paddle.concat([gradient for _, gradient in small])
    dist.all_reduce(flat)
    pieces = paddle.split(flat / world_size(), [parameter.size for parameter, _ in small])
    for (parameter, _), piece in zip(small, pieces, strict=True):
        parameter.grad = piece.reshape(parameter.shape)


def _reached(parameters: list[paddle.Tensor]) -> list[paddle.Tensor]:
    """Those with a gradient in any process."""
    counts = paddle.to_tensor([float(parameter.grad is not None) for parameter in parameters])
    dist.all_reduce(counts)
    return [parameter for parameter, count in zip(parameters, counts.numpy(), strict=True) if count]
