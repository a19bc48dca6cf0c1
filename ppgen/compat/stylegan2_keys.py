"""PaddleGAN's state-dict keys of StyleGAN2 -> ours; see `state_keys` for how to read a table."""

_MOST = 18  # layers; a 1024-pixel generator has 17

_STYLED = (("noise.weight", "noise_strength", ()), ("activate.bias", "bias", ()))
_TO_RGB = (("upsample.kernel", None, ()),)  # a constant of the architecture

GENERATOR = (
    ("style.#.", "mapping.layers.#.", ()),
    ("input.input", "constant", ()),
    ("conv1.", "layers.0.", _STYLED),
    ("to_rgb1.", "to_rgb.0.", _TO_RGB),
    *((f"convs.{i}.", f"layers.{i + 1}.", _STYLED) for i in range(_MOST)),
    *((f"to_rgbs.{i}.", f"to_rgb.{i + 1}.", _TO_RGB) for i in range(_MOST)),
    # a prefix decides, so two figures come before one
    *((f"noises.noise_{i}", f"layers.{i}.noise", ()) for i in reversed(range(_MOST))),
)

_BLOCK = (("conv1.*.", "conv1.", ()), ("conv2.*.", "conv2.", ()), ("skip.1.", "skip.", ()))

DISCRIMINATOR = (
    ("convs.0.*.", "from_rgb.", ()),
    ("convs.#.", "blocks.#.", _BLOCK),
    ("final_conv.*.", "final_conv.", ()),
    ("final_linear.0.", "hidden.", ()),
    ("final_linear.1.", "logit.", ()),
)
