"""What a recipe is: networks, phases, and what its pictures and scores are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np
import paddle
from paddle import nn

Losses = dict[str, paddle.Tensor]
Batch = dict[str, Any]  # by what the dataset calls it: arrays (N, …), and lists of N names
Value = TypeVar("Value")


@dataclass
class Step:
    """One training step as a recipe sees it.

    Attributes:
        index: 0 for the first step of a run; a resume goes on counting.
        rng: NumPy generator that depends on (seed, step, rank, piece) only.
        common: NumPy generator that depends on (seed, step, piece) only: the same on every process.
        images: images of the whole batch that earlier steps have seen; progressive growing follows it.
        rank, world: this process's number and how many share the batch.
        shared: what earlier phases of this step computed and later ones may use; see `once`.
        observed: what a loss measured, detached, for the `after` of its phase: nothing else reads it.
        report: numbers to log besides the losses and like them, as means over the steps between two lines.
        state: numbers to log as they are at the step of a line. Of both only the first piece's are logged.
    """

    index: int
    rng: np.random.Generator
    common: np.random.Generator = field(default_factory=np.random.default_rng)
    images: int = 0
    rank: int = 0
    world: int = 1
    shared: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, paddle.Tensor] = field(default_factory=dict)
    report: dict[str, float] = field(default_factory=dict)
    state: dict[str, float] = field(default_factory=dict)

    def once(self, name: str, compute: Callable[[], Value]) -> Value:
        """What `compute` gave the first time `name` was asked for in this step."""
        if name not in self.shared:
            self.shared[name] = compute()
        return self.shared[name]

    def normal(self, rows: int, *shape: int) -> paddle.Tensor:
        """N(0, 1) noise (rows, *shape): this process's rows of one draw for the whole batch.

        Two processes with half the batch each see the noise that one process with all of it sees.
        """
        return self._own(self.common.standard_normal((rows * self.world, *shape), dtype=np.float32), rows)

    def uniform(self, rows: int, *shape: int) -> paddle.Tensor:
        """Uniform [0, 1) numbers (rows, *shape), shared out like `normal`."""
        return self._own(self.common.random((rows * self.world, *shape), dtype=np.float32), rows)

    def _own(self, whole: np.ndarray, rows: int) -> paddle.Tensor:
        return paddle.to_tensor(whole[self.rank * rows : (self.rank + 1) * rows])

    @paddle.no_grad()
    def mean(self, values: paddle.Tensor) -> paddle.Tensor:
        """The mean of (N, …) over N and over the processes that share the batch, float32, without a graph.

        All processes must ask, in the same order.
        """
        mean = values.detach().astype("float32").mean(axis=0)
        if self.world > 1:
            paddle.distributed.all_reduce(mean)
            mean = mean / self.world
        return mean


#: this step's micro-batches, each with its `Step`; more than one where `loader.accumulate` says so
Pieces = Sequence[tuple[Batch, Step]]


@dataclass(frozen=True)
class Phase:
    """One loss and the networks it trains.

    Attributes:
        trains: names of the networks whose weights this phase changes.
        loss: (batch, step) -> named scalars, already weighted; their sum is minimized.
        every: run at steps that are multiples of this.
        keeps: networks that stay differentiable because a later phase uses the graph built here.
        lazy: a regularizer that stands for one at every step: its gradient is multiplied by `every`, and the
            optimizers of the networks it trains take the learning rate and betas of Karras et al. 2020
            (StyleGAN2, appendix B): c = every / (every + 1), rate * c, beta ** c.
        float32: never in half precision: gradient penalties overflow there.
        clip_norm: scale this phase's gradients of a network down to this norm; None leaves them alone.
        after: called with the step's pieces once the phase's weights have changed: clipping, running means.
            A loss itself changes no state.
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Batch, Step], Losses]
    every: int = 1
    keeps: tuple[str, ...] = ()
    lazy: bool = False
    float32: bool = False
    clip_norm: float | None = None
    after: Callable[[Pieces], None] | None = None


@runtime_checkable
class Stateful(Protocol):
    """Anything besides networks that a resumed run must find as it was: an image pool, a running mean."""

    def arrays(self) -> dict[str, np.ndarray]:
        """The whole state as named arrays."""

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take back what `arrays` returned."""


class Model:
    """Base of recipes. Subclasses fill `networks` and return their phases; they never call an optimizer.

    Attributes:
        networks: by name.
        goes_with_networks: names, among those of `stateful`, of what also goes to another training that starts from
            these networks.
    """

    networks: dict[str, nn.Layer]
    goes_with_networks: ClassVar[tuple[str, ...]] = ()

    def stateful(self) -> dict[str, Stateful]:
        """What belongs into a checkpoint besides the networks, by name."""
        return {}

    def after_load(self, networks: dict[str, nn.Layer]) -> None:
        """Set what belongs to this model in networks (or averages) that `load` filled from another training."""

    def check_sample(self, sample: Batch) -> None:
        """ConfigError where a dataset's sample, unbatched, is not what the networks read; asked before training."""

    def phases(self) -> list[Phase]:
        """The phases of one step, in order."""
        raise NotImplementedError

    def visuals(self, batch: Batch, networks: dict[str, nn.Layer]) -> dict[str, np.ndarray]:
        """Named float NCHW images in [-1, 1] for the sample grid."""
        return {}

    def predict(self, batch: Batch, networks: dict[str, nn.Layer]) -> np.ndarray:
        """What a metric judges, with these networks (the averaged ones where there are)."""
        raise NotImplementedError(f"{type(self).__name__} has nothing to validate")
