"""PaddleGAN's state-dict keys -> ours, one table a network.

A table lists (old head, our head, table for what follows the head). `#` is a number that PaddleGAN counts
from 1 and we count from 0, `*` is anything. Our head None drops the array: it has no effect there, and we do not keep
it. Keys that no row fits pass unchanged, so a strict load still names them.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

from ppgen.compat import stylegan2_keys, translation_keys
from ppgen.compat.names import our_network_name
from ppgen.errors import WeightsError

T = TypeVar("T")
Table = tuple[tuple[str, str | None, "Table"], ...]

_MULTI_SCALE_BLOCK: Table = (("conv_block#.3.", "stages.#.conv.", ()),)

_HOURGLASS: Table = (
    ("HG.0.ConvBlockskip#.", "core.skips.#.", _MULTI_SCALE_BLOCK),
    # One row of nine blocks: four go down, one is the bottom, four go up.
    *((f"HG.0.ConvBlock{i + 1}.", f"core.down.{i}.", _MULTI_SCALE_BLOCK) for i in range(4)),
    ("HG.0.ConvBlock5.", "core.bottom.", _MULTI_SCALE_BLOCK),
    *((f"HG.0.ConvBlock{i + 6}.", f"core.up.{i}.", _MULTI_SCALE_BLOCK) for i in range(4)),
    ("HG.1.", "refine.", _MULTI_SCALE_BLOCK),
    ("HG.2.", "project.", ()),
    ("Conv1.", "draft.", ()),
    ("Conv2.", "features_back.", ()),
    ("Conv3.", "draft_back.", ()),
)

_SOFT_ADALIN: Table = (
    ("w_gamma", "content_share_gamma", ()),
    ("w_beta", "content_share_beta", ()),
    ("norm.rho", "normalize.instance_share", ()),
    ("c_gamma.", "content_gamma.", ()),
    ("c_beta.", "content_beta.", ()),
    ("s_gamma.", "style_gamma.", ()),
    ("s_beta.", "style_beta.", ()),
)

_PHOTO2CARTOON: Table = (
    ("DownBlock.1.", "stem.", ()),
    ("DownBlock.4.", "encoder_hourglasses.0.", _HOURGLASS),
    ("DownBlock.5.", "encoder_hourglasses.1.", _HOURGLASS),
    ("DownBlock.7.", "down.0.conv.", ()),
    ("DownBlock.11.", "down.1.conv.", ()),
    ("EncodeBlock#.conv_block.1.", "encoder_blocks.#.conv1.", ()),
    ("EncodeBlock#.conv_block.5.", "encoder_blocks.#.conv2.", ()),
    *translation_keys.ATTENTION,
    ("DecodeBlock#.norm1.", "decoder_blocks.#.norm1.", _SOFT_ADALIN),
    ("DecodeBlock#.norm2.", "decoder_blocks.#.norm2.", _SOFT_ADALIN),
    ("DecodeBlock#.", "decoder_blocks.#.", ()),
    ("UpBlock.2.", "up.0.conv.", ()),
    ("UpBlock.3.", "up.0.norm.", translation_keys.LIN),
    ("UpBlock.7.", "up.1.conv.", ()),
    ("UpBlock.8.", "up.1.norm.", translation_keys.LIN),
    ("UpBlock.10.", "decoder_hourglasses.0.", _HOURGLASS),
    ("UpBlock.11.", "decoder_hourglasses.1.", _HOURGLASS),
    ("UpBlock.13.", "to_image.", ()),
)

# The FID weights as pytorch-fid names them: torchvision's Inception-v3, whose batch norms count their batches.
_TORCH_NORM: Table = (
    ("bn.running_mean", "bn._mean", ()),
    ("bn.running_var", "bn._variance", ()),
    ("bn.num_batches_tracked", None, ()),
)
_INCEPTION_UNITS = (
    "1x1 5x5_1 5x5_2 3x3 3x3_1 3x3_2 3x3_2a 3x3_2b 3x3dbl_1 3x3dbl_2 3x3dbl_3 3x3dbl_3a 3x3dbl_3b 7x7_1 7x7_2 7x7_3 "
    "7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4 _pool"
)
_INCEPTION_BRANCHES: Table = tuple((f"branch{u}.", f"branch{u}.", _TORCH_NORM) for u in _INCEPTION_UNITS.split())
_INCEPTION: Table = (
    *((f"Conv2d_{u}.", f"Conv2d_{u}.", _TORCH_NORM) for u in "1a_3x3 2a_3x3 2b_3x3 3b_1x1 4a_3x3".split()),
    *((f"Mixed_{b}.", f"Mixed_{b}.", _INCEPTION_BRANCHES) for b in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split()),
)

_UPSAMPLING: Table = (
    ("l1.0.", "project.", ()),
    ("conv_blocks.0.", "norm.", ()),
    ("conv_blocks.2.", "conv1.", ()),
    ("conv_blocks.3.", "norm1.", ()),
    ("conv_blocks.6.", "conv2.", ()),
    ("conv_blocks.7.", "norm2.", ()),
    ("conv_blocks.9.", "to_image.", ()),
)

_TABLES: dict[str, Table] = {  # by our class name
    "Photo2CartoonGenerator": _PHOTO2CARTOON,
    **dict.fromkeys(
        ("PatchDiscriminator", "ConditionalPatchDiscriminator", "PixelwiseDiscriminator", "ResNetGenerator"),
        translation_keys.UNREAD,
    ),
    "UpsamplingGenerator": _UPSAMPLING,
    "UNetGenerator": translation_keys.UNET,
    "UGATITGenerator": translation_keys.UGATIT_GENERATOR,
    "AttentionDiscriminator": translation_keys.UGATIT_DISCRIMINATOR,
    "InceptionV3": _INCEPTION,
    "StyleGAN2Generator": stylegan2_keys.GENERATOR,
    "StyleGAN2Discriminator": stylegan2_keys.DISCRIMINATOR,
}


def _rename(key: str, table: Table) -> str | None:
    """Our key, or None where the array is to be dropped."""
    for old, ours, inner in table:
        head = re.match(re.escape(old).replace(r"\#", r"(\d+)").replace(r"\*", ".*?"), key)
        if head is None:
            continue
        number = str(int(head.group(1)) - 1) if head.groups() else ""
        rest = _rename(key[head.end() :], inner)
        return None if ours is None or rest is None else ours.replace("#", number) + rest
    return key


def translate(class_name: str, arrays: Mapping[str, T]) -> dict[str, T]:
    """Rename PaddleGAN's keys to those of our class.

    Args:
        class_name: the network's class, our name or PaddleGAN's.
        arrays: a state dict; the values are passed through untouched.

    Returns:
        A new dict in the same order. Keys that are ours already, and keys that nobody knows, are kept;
        arrays that have no effect in PaddleGAN's network are left out.

    Raises:
        WeightsError: where the dict holds a parameter under both its old and its new key.
    """
    table = _TABLES.get(our_network_name(class_name), ())
    renamed: dict[str, T] = {}
    for key, value in arrays.items():
        ours = _rename(key, table)
        if ours is None:
            continue
        if ours in renamed:
            raise WeightsError(f"the weights of {class_name} hold '{ours}' twice, once under an old name")
        renamed[ours] = value
    return renamed
