"""Half precision where the device has it: bfloat16 if it can, else float16 with a loss scaler.

Of a CPU that multiplies bfloat16 itself, convolutions use it and everything else stays float32.
"""

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import numpy as np
import paddle
from paddle import nn
from paddle.optimizer import Optimizer

from ppgen import device
from ppgen.models.base import Phase
from ppgen.runtime.convolutions import bfloat16_products, multiplies_bfloat16


class Precision:
    """What a phase is computed in. The default does nothing: float32 everywhere.

    Args:
        level: O1 casts the operators that gain from it, O2 keeps the networks themselves in half precision
            (with float32 copies in the optimizer); None is float32. On a CPU both are the same: convolutions
            multiply in bfloat16.

    Attributes:
        products: whether it is a CPU's, of convolutions alone.
        scaler: of losses, for float16; otherwise it hands losses and steps through as they are.
    """

    def __init__(self, level: Literal["O1", "O2"] | None = None) -> None:
        self.level = level
        self.dtype: Literal["bfloat16", "float16", "float32"] = "float32" if level is None else device.half_precision()
        self.products = level is not None and device.on_cpu() and multiplies_bfloat16()
        if level is not None and self.dtype == "float32" and not self.products:
            warnings.warn("--amp: this device has no half precision for training; float32 is used", stacklevel=2)
        if self.dtype == "float32":
            self.level = None
        self.scaler = paddle.amp.GradScaler(enable=self.dtype == "float16", init_loss_scaling=2.0**14)

    @property
    def scales(self) -> bool:
        """Whether losses are scaled, and steps with infinite gradients skipped."""
        return self.scaler.is_enable()

    def decorate(self, networks: dict[str, nn.Layer], optimizers: dict[str, Optimizer]) -> None:
        """For O2: networks in half precision, their optimizers with float32 master weights."""
        if self.level == "O2":
            for name, optimizer in optimizers.items():
                paddle.amp.decorate([networks[name]], [optimizer], level="O2", dtype=self.dtype, master_weight=True)

    def cast(self, phase: Phase) -> AbstractContextManager:
        """Within, operators run in half precision; a phase marked float32 is left alone."""
        if self.products and not phase.float32:
            return bfloat16_products()
        if self.level is None:
            return nullcontext()
        if phase.float32:
            return paddle.amp.auto_cast(enable=False)
        return paddle.amp.auto_cast(level=self.level, dtype=self.dtype)

    def arrays(self) -> dict[str, np.ndarray]:
        """The scaler's state."""
        return {key: np.asarray(value, np.float64) for key, value in self.scaler.state_dict().items()}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""
        if arrays:
            state = {key: value.item() for key, value in arrays.items()}
            # Paddle indexes the scale
            self.scaler.load_state_dict({**state, "scale": np.array([state["scale"]], np.float32)})  # type: ignore[typeddict-item]
