"""Where an attention looked, as a picture."""

import numpy as np

# Dark blue, blue, cyan, yellow, red: the colours in which class activation maps are usually shown.
_STOPS = np.linspace(0, 1, 5)
_COLOURS = np.array([[0, 0, 0.5], [0, 0.3, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])


def enlarged(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w) -> (height, width), bilinear between cell centres."""
    axes = []
    for count, wanted in zip(values.shape, (height, width), strict=True):
        at = np.clip((np.arange(wanted) + 0.5) * count / wanted - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        axes.append((low, np.minimum(low + 1, count - 1), at - low))
    (top, bottom, y), (left, right, x) = axes
    rows = values[top] * (1 - y[:, None]) + values[bottom] * y[:, None]
    return rows[:, left] * (1 - x) + rows[:, right] * x


def heat_pictures(heatmaps: np.ndarray, images: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Heat maps laid over the images they belong to.

    Args:
        heatmaps: (N, 1, h, w) of any range; each is stretched from its lowest (blue) to its highest value (red).
        images: (N, 3, H, W) in [-1, 1].
        share: of the colours; the rest is the image in grey.
    Returns:
        (N, 3, H, W) float32 in [-1, 1].
    """
    shown = np.empty(images.shape, np.float32)
    for i, (heat, image) in enumerate(zip(heatmaps[:, 0], images, strict=True)):
        level = enlarged(heat.astype(np.float64), *image.shape[1:])
        level = (level - level.min()) / max(level.max() - level.min(), 1e-12)
        colour = np.stack([np.interp(level, _STOPS, channel) for channel in _COLOURS.T]) * 2 - 1
        shown[i] = share * colour + (1 - share) * image.mean(axis=0)
    return shown
