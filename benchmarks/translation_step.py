"""CPU seconds of one training step: ppgen's, and the same losses with PaddleGAN's passes.

    python benchmarks/translation_step.py --model ugatit_light --size 256 --steps 2

On a CPU ours, too, passes large pictures one by one.
PaddleGAN's U-GAT-IT runs the generators for the discriminators' step and again for their own (8 generator passes
and 12 discriminator passes); its CycleGAN makes every picture once, but runs true and made ones separately. Both are
built here from our recipe: what a phase made is forgotten before the next, and nothing is joined; the generators
build no graph for the discriminators' step, as there. Networks and widths are the papers'. The third figure is the
second with Paddle's own padding and convolutions in place of `mirror_border` and `convolve`: what a user of PaddleGAN
would run on this Paddle.
"""

import math
import time
from typing import Any
from unittest import mock

from harness import Namespace, Result, argument, benchmark

import numpy as np
import paddle

from ppgen.device import keep_memory
from ppgen.engine.optimizers import Adam
from ppgen.engine.update import run_phase, trainable
from ppgen.models.base import Model, Step
from ppgen.models.cyclegan import CycleGAN
from ppgen.models.translation import Translations, domain
from ppgen.models.ugatit import UGATIT
from ppgen.networks.blocks import border, narrowing


def build(name: str, size: int, width: int) -> Model:
    """The recipe with the papers' networks of `width` base channels, and discriminators that fit the size."""
    if name == "cyclegan":
        generator = {"name": "ResNetGenerator", "base_channels": width, "blocks": 9}
        return CycleGAN(generator, {"name": "PatchDiscriminator", "base_channels": width})
    judge = {"name": "AttentionDiscriminator", "base_channels": width}
    depth = 7 if size >= 96 else 6
    generator = {"name": "UGATITGenerator", "base_channels": width, "image_size": size}
    return UGATIT(generator, {**judge, "layers": depth}, {**judge, "layers": depth - 2})


def for_discriminators(model: UGATIT, batch: dict[str, Any], step: Step) -> None:
    """What PaddleGAN's discriminator step starts from: both translations, without graph and identities."""
    a, b = domain(batch, "a"), domain(batch, "b")
    with paddle.no_grad():
        made = model.networks["generator_ab"](a), model.networks["generator_ba"](b)
    step.shared["translations"] = Translations(a, b, *made, None, None)


def seconds(model: Model, size: int, steps: int, published: bool) -> float:
    """CPU seconds of a step, the first left out; 1 image of each domain."""
    rng = np.random.default_rng(0)
    batch = {key: rng.uniform(-1, 1, (1, 3, size, size)).astype(np.float32) for key in "ab"} | {"id": ["0"]}
    optimizers = {name: Adam(1e-4).build(trainable([net])) for name, net in model.networks.items()}
    for index in range(steps + 1):
        if index == 1:
            started = time.process_time()
        step = Step(index, np.random.default_rng(index))
        for phase in model.phases():
            if published and isinstance(model, UGATIT):
                step.shared.clear()
                if phase.name == "discriminator":
                    for_discriminators(model, batch, step)
            run_phase(model, phase, batch, step, optimizers)
    return (time.process_time() - started) / steps


@benchmark(
    __doc__,
    argument("--model", choices=("ugatit_light", "cyclegan"), default="ugatit_light"),
    argument("--size", type=int, default=256),
    argument("--width", type=int, default=64, help="base channels"),
    argument("--steps", type=int, default=2),
)
def main(options: Namespace) -> Result:
    keep_memory()  # as in a training
    paddle.seed(0)

    def measured(published: bool) -> float:
        model = build(options.model, options.size, options.width)
        return seconds(model, options.size, options.steps, published)

    def one_by_one(network: Any, *batches: Any, heavy: bool = False) -> list[Any]:
        return [network(batch) for batch in batches]

    ours = measured(published=False)
    where = "ppgen.models.ugatit" if options.model == "ugatit_light" else "ppgen.models.cyclegan"
    with mock.patch(f"{where}.together", one_by_one), mock.patch("ppgen.models.translation.together", one_by_one):
        theirs = measured(published=True)
        with mock.patch.object(border, "_LARGE", math.inf), mock.patch.object(narrowing, "on_cpu", lambda: False):
            plain = measured(published=True)
    return Result(text=(
        f"{options.model} at {options.size} pixels, batch 1, CPU seconds a step: ppgen {ours:.2f}, "
        f"PaddleGAN's passes {theirs:.2f}, ratio {ours / theirs:.2f}; those with Paddle's own padding and "
        f"convolutions {plain:.2f}, ratio {ours / plain:.2f}"
    ))  # fmt: skip
