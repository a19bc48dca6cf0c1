"""What worker processes ask of the work that they are given."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")  # an item of work, such as a photo
R = TypeVar("R")  # what becomes of it
T_in = TypeVar("T_in", contravariant=True)
R_out = TypeVar("R_out", covariant=True)


class Lost(NamedTuple):
    """Why there is no result of an item: it took too long (`late`), or its process ended; and that in words."""

    late: bool
    reason: str


class Opened(Protocol[T_in, R_out]):
    """Does the work in a worker process."""

    def __call__(self, item: T_in, /) -> R_out: ...

    def warm_up(self) -> None:
        """Load the networks."""


class Job(Protocol[T_in, R_out]):
    """Work that any process can open, such as `Work`; picklable."""

    def open(self) -> Opened[T_in, R_out]: ...

    def lost(self, item: T_in, lost: Lost, seconds: float, /) -> R_out:
        """What becomes of an item that was not done."""
