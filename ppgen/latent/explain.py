"""Figures that explain StyleGAN and StyleGAN2: what resolutions, noise and styles do, droplets, path lengths.

Sources: Karras et al., StyleGAN (CVPR 2019), figures 3-5 and section 4.1; Karras et al., StyleGAN2 (CVPR 2020),
figure 1 (droplets), figure 8 (what each resolution contributes). Every function takes a generator of either kind and
returns a sheet, uint8 (H, W, 3).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen import hub
from ppgen.errors import ConfigError
from ppgen.hub.stylegan2 import mapping_and_synthesis
from ppgen.io.atomic import atomic_path
from ppgen.io.image import to_uint8
from ppgen.latent.seeds import latents, latents_of
from ppgen.latent.sheet import repeat_pixels, sheet

_SIDE = 128  # pixels that small pictures and maps are enlarged to
_NOISE_DRAWS = 16  # for the deviation over noise
_DROPLET_RANGE = (-2.0, 4.0)  # log2 of the magnitude over its mean, from black to white


# ---- what all need --------------------------------------------------------------------------------------


def style_generator(name: str | os.PathLike) -> Any:
    """The generator of a name or a weights file, ours or PaddleGAN's.

    Raises WeightsError unless it is StyleGAN's or StyleGAN2's.
    """
    from ppgen.networks.protocols import StyleGenerator

    return hub.load(name, kind=StyleGenerator)


def is_skip(network: Any) -> bool:
    """Whether pictures are a sum over resolutions (StyleGAN2)."""
    return hasattr(network, "to_rgb")


def sides_of_w(network: Any) -> np.ndarray:
    """The resolution that each of W+ steers, (used layers,): that of its convolution, for the last `ToRGB` its own."""
    sides = [shape[1] for shape in network.noise_shapes()]
    return np.array((sides + sides[-1:] * (network.count - len(sides)))[: network.used_layers()])


def w_of_seeds(network: Any, seeds: Sequence[int], truncation: float = 1.0) -> Any:
    """W+ tensor (len(seeds), count, latent_dim)."""
    import paddle
    with paddle.no_grad():
        z = paddle.to_tensor(latents_of(list(seeds), network.latent_dim))
        return network.spread(network.map(z), truncation).clone()


def _float_pictures(network: Any, w_plus: Any, noise: Any = None) -> np.ndarray:
    """(N, 3, H, W), one after the other: memory of one picture, however large."""
    import paddle
    with paddle.no_grad():
        rows = [w_plus[i : i + 1] for i in range(len(w_plus))]
        return np.concatenate([network.synthesize(row, noise).numpy() for row in rows])


def _shown(pictures: np.ndarray) -> np.ndarray:
    """(N, 3, H, W) in [-1, 1] -> uint8 (N, S, S, 3), small ones enlarged."""
    return _cells(to_uint8(pictures))


def _cells(pictures: np.ndarray) -> np.ndarray:
    return repeat_pixels(pictures, max(1, -(-_SIDE // pictures.shape[1])))


def _strongest(pictures: np.ndarray) -> np.ndarray:
    """Differences (N, 3, H, W) around 0 stretched to [-1, 1], each by its own 99th percentile."""
    top = np.percentile(np.abs(pictures), 99, axis=(1, 2, 3), keepdims=True)
    return pictures / np.maximum(top, 1e-12)


# ---- what each resolution contributes ------------------------------------------------------------------


class Steps(NamedTuple):
    """A picture built up resolution by resolution."""

    titles: list[str]
    so_far: np.ndarray  # (K, N, 3, H, W): up to each resolution
    added: np.ndarray  # the same shape: what that resolution added


def contributions(network: Any, w_plus: Any) -> Steps:
    """How pictures of W+ come about.

    StyleGAN2: the sum of the colours of the resolutions so far, and each one's own. StyleGAN has no such sum: there
    the resolutions so far have the latent's style and the rest the mean latent's; first with none of them.
    """
    return _sums(network, w_plus) if is_skip(network) else _styles_so_far(network, w_plus)


def _sums(network: Any, w_plus: Any) -> Steps:
    import paddle

    from ppgen.networks.blocks.fir import upsample_filtered
    found: list[Any] = []
    hooks = [layer.register_forward_post_hook(lambda _, __, out: found.append(out)) for layer in network.to_rgb]
    try:
        with paddle.no_grad():
            network.synthesize(w_plus)
            alone = [found[0], *(new - upsample_filtered(old) for old, new in zip(found, found[1:]))]
            for pictures in (found, alone):
                for i, picture in enumerate(pictures):
                    while picture.shape[2] < found[-1].shape[2]:
                        picture = upsample_filtered(picture)
                    pictures[i] = picture
    finally:
        for hook in hooks:
            hook.remove()
    titles = [str(4 * 2**k) for k in range(len(found))]
    return Steps(titles, *(np.stack([picture.numpy() for picture in pictures]) for pictures in (found, alone)))


def _styles_so_far(network: Any, w_plus: Any) -> Steps:
    import paddle
    sides = sides_of_w(network)
    steps = sorted(set(sides.tolist()))
    mean = network.mean_of_latents().reshape([1, 1, -1]).expand(w_plus.shape)
    so_far = []
    for side in [0, *steps]:
        count = int((sides <= side).sum())
        mixed = paddle.concat([w_plus[:, :count], mean[:, count:]], axis=1) if count else mean
        so_far.append(_float_pictures(network, mixed))
    cumulative = np.stack(so_far)
    added = np.concatenate([np.zeros_like(cumulative[:1]), np.diff(cumulative, axis=0)])
    return Steps(["mean w", *(f"to {side}" for side in steps)], cumulative, added)


def contribution_sheet(network: Any, seeds: Sequence[int], truncation: float = 0.7) -> np.ndarray:
    """Two rows a seed: the picture so far, and what the resolution adds, stretched, with its standard deviation."""
    steps = contributions(network, w_of_seeds(network, seeds, truncation))
    pictures, titles, rows = [], [], []
    for i, seed in enumerate(seeds):
        pictures += [_shown(steps.so_far[:, i]), _shown(_strongest(steps.added[:, i]))]
        titles += [*steps.titles, *(f"±{value:.2f}" for value in steps.added[:, i].std(axis=(1, 2, 3)))]
        rows += [f"seed {seed}, so far", "added, stretched"]
    way = "sums of colours (skip generator)" if is_skip(network) else "styles of w so far, then of the mean w"
    heading = f"{type(network).__name__}: what each resolution contributes: {way}"
    return sheet(np.concatenate(pictures), len(steps.titles), heading, row_titles=rows, titles=titles)


# ---- noise ----------------------------------------------------------------------------------------------


def _noise_sets(network: Any) -> dict[str, list[Any]]:
    """The stored noise of all layers, of none, of the finer and of the coarser half of the resolutions."""
    stored = [layer.noise for layer in network.layers]
    sides = np.array([shape[1] for shape in network.noise_shapes()])
    levels = sorted({side for side in sides[: network.used_layers()].tolist()})
    border = levels[len(levels) // 2]

    def only(kept: np.ndarray) -> list[Any]:
        return [noise if keep else None for noise, keep in zip(stored, kept)]

    everywhere = np.ones(len(sides), bool)
    return {
        "all noise": only(everywhere),
        "no noise": only(~everywhere),
        f"fine only (from {border})": only(sides >= border),
        f"coarse only (below {border})": only(sides < border),
    }


def noise_sheet(network: Any, seeds: Sequence[int], truncation: float = 0.7, draws: int = _NOISE_DRAWS) -> np.ndarray:
    """A row a seed: with all noise, none, fine, coarse; the deviation over `draws` of all noise (StyleGAN, fig. 4-5).

    The deviation is stretched from 0 (black) to its own highest value, which its title gives (of [-1, 1]).
    """
    import paddle
    w_plus, sets = w_of_seeds(network, seeds, truncation), _noise_sets(network)
    columns = [_shown(_float_pictures(network, w_plus, noise)) for noise in sets.values()]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        noise = [paddle.to_tensor(rng.standard_normal((1, *s), dtype=np.float32)) for s in network.noise_shapes()]
        drawn.append(_float_pictures(network, w_plus, noise))
    deviation = np.std(drawn, axis=0).mean(axis=1)  # (N, H, W)
    top = deviation.max(axis=(1, 2))
    grey = (255 * deviation / np.maximum(top, 1e-12)[:, None, None]).astype(np.uint8)
    columns.append(_cells(np.repeat(grey[..., None], 3, axis=3)))
    titles = [text for peak in top for text in [*sets, f"deviation to {peak:.3f}"]]
    pictures = np.stack(columns, axis=1).reshape(-1, *columns[0].shape[1:])
    heading = f"{type(network).__name__}: noise"
    return sheet(pictures, len(columns), heading, row_titles=[f"seed {seed}" for seed in seeds], titles=titles)


# ---- mixing ---------------------------------------------------------------------------------------------


def bands(network: Any) -> dict[str, list[int]]:
    """Coarse, middle and fine resolutions -> which of W+ belong to them.

    As in the paper two resolutions are coarse (4, 8), two middle (16, 32) and the rest fine; small networks have
    fewer of each, and at least one as long as they last.
    """
    sides = sides_of_w(network)
    steps = sorted(set(sides.tolist()))
    coarse = min(2, max(1, len(steps) - 2))
    middle = min(2, max(1, len(steps) - coarse - 1))
    parts = {"coarse": steps[:coarse], "middle": steps[coarse : coarse + middle], "fine": steps[coarse + middle :]}
    found = {}
    for name, part in parts.items():
        if part:
            span = f"{part[0]}-{part[-1]}" if len(part) > 1 else f"{part[0]}"
            found[f"{name} ({span})"] = np.flatnonzero(np.isin(sides, part)).tolist()
    return found


def mixing_sheet(network: Any, rows: Sequence[int], columns: Sequence[int], truncation: float = 0.7) -> np.ndarray:
    """Styles of the upper pictures' resolutions in the left pictures' place (StyleGAN, fig. 3).

    Args:
        rows: seeds of the left pictures (A), shared out evenly among the bands; the first ones come again where
            there are too few.
        columns: seeds of the upper pictures (B), whose styles are copied: the coarse ones, the middle, the fine.
    """
    import paddle
    if not len(rows) or not len(columns):
        raise ConfigError("mixing needs at least one seed for the rows and one for the columns")
    above = w_of_seeds(network, columns, truncation)
    left = w_of_seeds(network, rows, truncation)
    upper = _shown(_float_pictures(network, above))
    cells, titles = [np.full_like(upper[:1], 255), upper], [""]
    parts, at = bands(network), 0
    each = -(-len(rows) // len(parts))
    for band, indices in parts.items():
        for _ in range(each):
            mine = left[at : at + 1]
            mixed = mine.expand(above.shape).numpy().copy()
            mixed[:, indices] = above.numpy()[:, indices]
            cells += [_shown(_float_pictures(network, mine)), _shown(_float_pictures(network, paddle.to_tensor(mixed)))]
            titles.append(f"seed {rows[at]}, {band} of B")
            at = (at + 1) % len(rows)
    names = ["A \\ B", *(f"seed {seed}" for seed in columns)]
    heading = f"{type(network).__name__}: style mixing"
    pictures = np.concatenate(cells)
    return sheet(pictures, 1 + len(columns), heading, row_titles=titles, column_titles=names)


# ---- droplets -------------------------------------------------------------------------------------------


class Maps(NamedTuple):
    """Feature maps of one layer."""

    side: int
    magnitude: np.ndarray  # (N, H, W): root mean square over channels, over its mean

    @property
    def peak(self) -> float:
        """How far the strongest place stands out: the maximum over the mean, mean over pictures."""
        return float(self.magnitude.max(axis=(1, 2)).mean())


def feature_maps(network: Any, w_plus: Any) -> list[Maps]:
    """Magnitudes of the features after each layer's rectifier; in StyleGAN, what its instance norm is given."""
    import paddle
    found: list[Any] = []
    hooks = []
    for layer in network.layers:
        if hasattr(layer, "norm"):
            hooks.append(layer.norm.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0])))
        else:
            hooks.append(layer.register_forward_post_hook(lambda _, __, out: found.append(out)))
    try:
        with paddle.no_grad():
            network.synthesize(w_plus)
    finally:
        for hook in hooks:
            hook.remove()
    maps = [np.sqrt(np.square(features.numpy()).mean(axis=1)) for features in found]
    return [Maps(x.shape[1], x / np.maximum(x.mean(axis=(1, 2), keepdims=True), 1e-12)) for x in maps]


def droplet_sheet(networks: dict[str, Any], seeds: Sequence[int], truncation: float = 1.0) -> np.ndarray:
    """A row a network and seed: the picture, then the magnitudes of each resolution's last layer.

    Black is a quarter of a map's mean, white 16 times it, in even steps of the logarithm; titles give the highest
    value in terms of the mean. A droplet is one small white blob at about the same place of all maps from some
    resolution on. StyleGAN2's authors saw them from 64 pixels on; small or briefly trained networks may have none.
    """
    from matplotlib import colormaps

    low, high = _DROPLET_RANGE
    pictures, titles, rows = [], [], []
    most = max(len({shape[1] for shape in network.noise_shapes()}) for network in networks.values())
    for name, network in networks.items():
        for seed in seeds:
            w_plus = w_of_seeds(network, [seed], truncation)
            last = {maps.side: maps for maps in feature_maps(network, w_plus)}
            cells = [_fitted(_shown(_float_pictures(network, w_plus)), highest=False)]
            for maps in last.values():
                level = (np.log2(np.maximum(maps.magnitude, 1e-6)) - low) / (high - low)
                colours = colormaps["inferno"](np.clip(level, 0, 1))[..., :3]
                cells.append(_fitted(_cells((255 * colours).astype(np.uint8)), highest=True))
            blank = np.full_like(cells[0], 255)
            pictures += cells + [blank] * (most + 1 - len(cells))
            titles += ["picture", *(f"{side}: peak {maps.peak:.1f}" for side, maps in last.items())]
            titles += [""] * (most + 1 - len(cells))
            rows.append(f"{name}, seed {seed}")
    heading = "magnitude of features over its mean (black 1/4, white 16): a droplet is a small white blob in all maps"
    return sheet(np.concatenate(pictures), most + 1, heading, row_titles=rows, titles=titles)


def _fitted(pictures: np.ndarray, highest: bool) -> np.ndarray:
    """uint8 (N, S, S, 3) of at least `_SIDE` brought down to it, so that all cells are alike.

    With means, or with the highest values, which keep a droplet of a few pixels visible.
    """
    side = pictures.shape[1]
    if side == _SIDE:
        return pictures
    factor = side // _SIDE
    cut = pictures.reshape(len(pictures), _SIDE, factor, _SIDE, factor, 3)
    return cut.max(axis=(2, 4)) if highest else cut.mean(axis=(2, 4)).round().astype(np.uint8)


# ---- path lengths ---------------------------------------------------------------------------------------

Lengths = dict[str, np.ndarray]


def path_inputs(network: Any, pairs: int, seed: int = 0) -> tuple[np.ndarray, dict[str, Callable], Callable]:
    """What `ppgen.metrics.ppl.perceptual_lengths` takes: latents (2 * pairs, d), pictures by space, the mapping."""
    mapping, from_w = mapping_and_synthesis(network)
    return latents(seed, 2 * pairs, network.latent_dim), {"z": lambda z: from_w(mapping(z)), "w": from_w}, mapping


def path_strip(network: Any, seed: int = 0, count: int = 9) -> dict[str, np.ndarray]:
    """The same two ends joined in Z (arc) and in W (line): uint8 (count, H, W, 3) each."""
    from ppgen.latent.paths import lerp, slerp

    z, pictures, mapping = path_inputs(network, 1, seed)
    t = np.linspace(0, 1, count)
    points = {"z": slerp(z[0], z[1], t), "w": lerp(*mapping(z), t)}
    return {space: to_uint8(pictures[space](points[space])) for space in ("z", "w")}


def save_path_figure(
    path: str | os.PathLike, lengths: dict[str, Lengths], strips: dict[str, dict[str, np.ndarray]], distance: str
) -> Path:
    """Histograms of path lengths in Z and in W, and one path of each, network by network.

    Args:
        lengths: network -> space ("z", "w") -> (n,) squared differences a squared step.
        strips: network -> space -> pictures along one path.
        distance: what pictures were compared by, for the label.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4 * len(lengths)), dpi=110, layout="constrained")
    everything = np.concatenate([x for found in lengths.values() for x in found.values()])
    positive = everything[everything > 0]
    if not len(positive):
        raise ConfigError("all path lengths are 0: this network draws one picture only")
    bins = np.geomspace(positive.min(), positive.max() * (1 + 1e-6), 41)
    for part, (name, found) in zip(np.atleast_1d(figure.subfigures(len(lengths), 1)), lengths.items()):
        axes, *rows = part.subplots(3, 1, height_ratios=[2.2, 1, 1])
        for space, colour in (("z", "tab:orange"), ("w", "tab:blue")):
            values = found[space]
            label = f"{space.upper()}: mean {values.mean():.3g}, median {np.median(values):.3g}"
            axes.hist(values, bins=bins, color=colour, alpha=0.5, label=label)
            axes.axvline(values.mean(), color=colour)
        axes.set(xscale="log", yticks=(), xlabel=f"perceptual length by {distance}, {len(found['z'])} paths")
        axes.legend(fontsize=8)
        axes.set_title(f"{name}: path length in Z (along the arc) against W (along the line)", fontsize=9)
        for row, space in zip(rows, ("z", "w")):
            row.imshow(np.concatenate(list(strips[name][space]), axis=1), interpolation="nearest")
            row.set(xticks=(), yticks=(), ylabel=space.upper())
    path = Path(path)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
    return path
