"""ppgen: generating, editing and translating faces on PaddlePaddle 3."""

from ppgen import device
from ppgen.errors import PPGenError

__version__ = "0.1.0"
__all__ = ["PPGenError", "__version__"]

device.prepare()  # Paddle reads these settings when it is imported, so they come first
