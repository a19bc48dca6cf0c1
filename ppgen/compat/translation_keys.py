"""PaddleGAN's state-dict keys of image-translation networks: tables for `state_keys`, in its notation."""

Rows = tuple[tuple[str, "str | None", tuple], ...]

_MOST_LEVELS = 12  # a U-Net of so many levels would take pictures of 4096 pixels
_MOST_BLOCKS = 24

# Batch norms that go by the batch at hand store running statistics and never read them.
UNREAD: Rows = (("*_mean", None, ()), ("*_variance", None, ()))


def _unet_level(level: int) -> Rows:
    """Keys of one level: PaddleGAN nests each level in the one above, as its part 3 (part 1 in the outermost)."""
    if level == 0:
        return (("model.model.0.", "down.0.conv.", ()), ("model.model.3.", "up.0.conv.", ()))
    head = "model.model.1.model." + "3.model." * (level - 1)
    return (
        (head + "1.", f"down.{level}.conv.", ()),
        (head + "2.", f"down.{level}.norm.", UNREAD),
        (head + "5.", f"up.{level}.conv.", ()),
        (head + "6.", f"up.{level}.norm.", UNREAD),
        # the innermost level has nothing inside, so that its way up comes two places earlier
        (head + "3.weight", f"up.{level}.conv.weight", ()),
        (head + "3.bias", f"up.{level}.conv.bias", ()),
        (head + "4.", f"up.{level}.norm.", UNREAD),
    )


UNET: Rows = tuple(row for level in range(_MOST_LEVELS) for row in _unet_level(level))

LIN: Rows = (("rho", "instance_share", ()), ("gamma", "scale", ()), ("beta", "shift", ()))
ATTENTION: Rows = (
    ("gap_fc.", "attention.mean_classifier.", ()),
    ("gmp_fc.", "attention.max_classifier.", ()),
    ("conv1x1.", "attention.join.", ()),
    ("FC.0.", "style.hidden.", ()),
    ("FC.2.", "style.out.", ()),
)
_ADALIN: Rows = (("norm1.rho", "norm1.instance_share", ()), ("norm2.rho", "norm2.instance_share", ()))
_RESIDUAL: Rows = (
    ("conv_block.1.", "conv1.", ()),
    ("conv_block.2.", "norm1.", ()),
    ("conv_block.5.", "conv2.", ()),
    ("conv_block.6.", "norm2.", ()),
)

UGATIT_GENERATOR: Rows = (
    ("DownBlock.1.", "enter.conv.", ()),
    ("DownBlock.2.", "enter.norm.", ()),
    ("DownBlock.5.", "down.0.conv.", ()),
    ("DownBlock.6.", "down.0.norm.", ()),
    ("DownBlock.9.", "down.1.conv.", ()),
    ("DownBlock.10.", "down.1.norm.", ()),
    *((f"DownBlock.{12 + i}.", f"encoder_blocks.{i}.", _RESIDUAL) for i in range(_MOST_BLOCKS)),
    *ATTENTION,
    ("UpBlock1_#.", "decoder_blocks.#.", _ADALIN),
    ("UpBlock2.2.", "up.0.conv.", ()),
    ("UpBlock2.3.", "up.0.norm.", LIN),
    ("UpBlock2.7.", "up.1.conv.", ()),
    ("UpBlock2.8.", "up.1.norm.", LIN),
    ("UpBlock2.11.", "to_image.", ()),
)

UGATIT_DISCRIMINATOR: Rows = (
    *((f"model.{3 * i + 1}.", f"convs.{i}.", ()) for i in range(_MOST_LEVELS)),
    ("gap_fc.", "mean_classifier.", ()),
    ("gmp_fc.", "max_classifier.", ()),
    ("conv1x1.", "join.", ()),
    ("conv.", "judge.", ()),
)
