"""Parts that several networks share."""

from ppgen import device as _device

_device.prepare()  # a block may be imported on its own, and Paddle must not be imported before this
