"""Space folded into channels: where each pixel goes, back again, derivatives, and the same when exported."""

from collections.abc import Callable

import numpy as np
import paddle
import pytest

from ppgen.errors import DataError
from ppgen.networks.blocks.fold import _pickers, fold, unfold


def _picture(height: int = 4, width: int = 6) -> paddle.Tensor:
    return paddle.arange(2 * 3 * height * width, dtype="float32").reshape([2, 3, height, width])


def test_pixels_of_a_window_become_neighbouring_channels() -> None:
    folded = fold(_picture(), 2)
    assert folded.shape == [2, 12, 2, 3]
    assert folded[0, :, 0, 0].tolist() == [c * 24 + y * 6 + x for c in range(3) for y in range(2) for x in range(2)]


def test_unfold_undoes_it() -> None:
    x = _picture(8, 12)
    assert (unfold(fold(x, 4), 4).numpy() == x.numpy()).all()


def test_the_exported_form_gives_the_same() -> None:
    x = _picture(8, 12)
    convolved = paddle.nn.functional.conv2d(x, paddle.to_tensor(_pickers(3, 4)), stride=4)
    assert (convolved.numpy() == fold(x, 4).numpy()).all()


@pytest.mark.parametrize("there", [lambda x: fold(x, 2), lambda x: unfold(paddle.concat([x] * 4, axis=1), 2)])
def test_second_derivatives(there: Callable[[paddle.Tensor], paddle.Tensor]) -> None:
    x = _picture() / 100
    x.stop_gradient = False
    (slope,) = paddle.grad((there(x) ** 3).sum(), x, create_graph=True)
    slope.sum().backward()
    copies = slope.numpy().max() / (3 * x.numpy() ** 2).max()
    np.testing.assert_allclose(x.grad.numpy(), copies * 6 * x.numpy(), rtol=1e-4)


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(DataError, match="multiples of 4, got 4x6"):
        fold(_picture(), 4)
