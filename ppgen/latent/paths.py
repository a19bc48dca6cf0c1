"""Ways through a latent space, as arrays of points: between latents, around in circles, along a direction, a plane.

Everything here is NumPy; `ppgen.latent.render` draws the points.
"""

from statistics import NormalDist
from typing import Literal

import numpy as np

from ppgen.errors import ConfigError, DataError
from ppgen.latent.seeds import check_count

Interpolation = Literal["lerp", "slerp"]
Way = Literal["lerp", "slerp", "spline"]  #: between several latents


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """a (1 - t) + b t for every t: (d,) or (n, d) each, t (n,) -> float64 (n, d).

    For spaces without a preferred length, such as W.
    """
    t = np.asarray(t, np.float64)[:, None]
    return np.asarray(a) * (1 - t) + np.asarray(b) * t


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Along the arc from a to b at constant angular speed: (d,) or (n, d) each, t (n,) -> float64 (n, d).

    Shoemake 1985; for latents White 2016, "Sampling Generative Networks": latents of N(0, I) lie near a sphere,
    and the straight line between two leaves it. The length changes evenly where a and b differ in it. Where the
    two point the same way, or opposite ways (then no arc is the shortest), it is `lerp`.
    """
    a, b, share = np.asarray(a, np.float64), np.asarray(b, np.float64), np.asarray(t, np.float64)[:, None]
    length_a, length_b = (np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit_a, unit_b = a / length_a, b / length_b
        angle = np.arccos((unit_a * unit_b).sum(axis=-1, keepdims=True).clip(-1, 1))
        on_sphere = (np.sin((1 - share) * angle) * unit_a + np.sin(share * angle) * unit_b) / np.sin(angle)
    arc = on_sphere * (length_a * (1 - share) + length_b * share)
    return np.where(np.sin(angle) > 1e-6, arc, lerp(a, b, t))  # not where a length is 0 either: its angle is NaN


def _between(name: Interpolation, a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    ways = {"lerp": lerp, "slerp": slerp}
    if name not in ways:
        raise ConfigError(f"a way between latents is 'lerp' or 'slerp', not '{name}'")
    return ways[name](a, b, t).astype(np.float32)


def morph(a: np.ndarray, b: np.ndarray, steps: int = 9, way: Interpolation = "lerp") -> np.ndarray:
    """`steps` points from a to b, both included: (steps, d). ConfigError for fewer than 2."""
    if steps < 2:
        raise ConfigError(f"a morph has at least 2 steps, its two ends, not {steps}")
    check_count(steps)
    return _between(way, a, b, np.linspace(0, 1, steps))


def spline(keys: np.ndarray, t: np.ndarray, closed: bool) -> np.ndarray:
    """The cubic curve through `keys` (k, d) whose direction at each is that from the one before to the next.

    Catmull and Rom 1974: unlike along lines, a film does not turn sharply at each latent. Open, the ends are repeated.

    Args:
        t: (n,) in [0, 1), places between one and the next.
    Returns:
        float64 (pieces * n, d): a piece fewer than keys, or as many where `closed`.
    """
    keys = np.asarray(keys, np.float64)
    count = len(keys)
    pieces = np.arange(count if closed else count - 1)
    around = pieces[:, None] + (-1, 0, 1, 2)
    around = around % count if closed else around.clip(0, count - 1)
    before, start, end, after = (keys[around[:, place], None] for place in range(4))
    t = np.asarray(t, np.float64)[None, :, None]
    slope, fall = (end - before) / 2, (after - start) / 2
    curve = start + slope * t + (3 * (end - start) - 2 * slope - fall) * t**2
    return (curve + (2 * (start - end) + slope + fall) * t**3).reshape(-1, keys.shape[1])


def through(keys: np.ndarray, steps: int = 12, way: Way = "slerp", closed: bool = False) -> np.ndarray:
    """From latent to latent.

    Args:
        keys: (k, d), k at least 2.
        steps: points from one to the next, the next not included.
        way: between two, or one `spline` through all.
        closed: go back to the first, so that a film of it can run on and on; the first is not repeated.
    Returns:
        (k * steps, d) closed, else ((k - 1) * steps + 1, d), which ends at the last of `keys`.
    Raises:
        ConfigError: fewer than 2 keys, or of 1 step.
    """
    if len(keys) < 2 or steps < 1:
        raise ConfigError(f"a walk needs 2 latents or more and at least 1 step, not {len(keys)} and {steps}")
    check_count(len(keys) * steps)
    t = np.arange(steps) / steps
    if way == "spline":
        parts = [spline(keys, t, closed).astype(np.float32)]
    else:
        pairs = list(zip(keys, keys[1:])) + ([(keys[-1], keys[0])] if closed else [])
        parts = [_between(way, a, b, t) for a, b in pairs]
    return np.concatenate(parts if closed else [*parts, np.asarray(keys[-1:], np.float32)])


def circle(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """A closed loop cos(t) a + sin(t) b through a, b, -a and -b: (steps, d), the first point not repeated.

    Where a and b are independent draws of N(0, I), so is each point of the loop.
    """
    check_count(steps)
    t = 2 * np.pi * np.arange(steps)[:, None] / steps
    return (np.cos(t) * np.asarray(a, np.float64) + np.sin(t) * np.asarray(b, np.float64)).astype(np.float32)


def traverse(z: np.ndarray, direction: np.ndarray, span: float = 3.0, steps: int = 9) -> np.ndarray:
    """z + s * direction for s from -span to span: (steps, d); z (d,), direction (d,)."""
    check_count(steps)
    amounts = np.linspace(-span, span, steps)[:, None]
    return (np.asarray(z)[None] + amounts * np.asarray(direction)[None]).astype(np.float32)


def axis(dim: int, index: int) -> np.ndarray:
    """The unit vector (dim,) of one dimension; DataError where there is none of this number."""
    if not 0 <= index < dim:
        raise DataError(f"dimension {index}: this latent has dimensions 0 to {dim - 1}")
    return np.eye(1, dim, index, dtype=np.float32)[0]


def plane(side: int = 15, dim: int = 2, dims: tuple[int, int] = (0, 1)) -> np.ndarray:
    """Quantiles of N(0, 1) in two dimensions, the others 0: (side * side, dim), row by row from the top left.

    Kingma and Welling 2014, figure 4: evenly spaced points of the unit square through the inverse of the normal
    distribution, so that each picture of the plane stands for the same share of all samples. The first of `dims`
    rises to the right, the second upwards.
    """
    if side < 1 or dims[0] == dims[1]:
        raise ConfigError(f"a plane needs a side of at least 1 and two different dimensions, not {side} and {dims}")
    check_count(side**2)
    quantiles = np.array([NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)], np.float32)
    points = np.zeros((side, side, dim), np.float32)
    points += quantiles[None, :, None] * axis(dim, dims[0]) + quantiles[::-1, None, None] * axis(dim, dims[1])
    return points.reshape(-1, dim)
