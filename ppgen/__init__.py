"""ppgen: generating, editing and translating faces on PaddlePaddle 3."""

from ppgen.errors import PPGenError

__version__ = "0.1.0"
__all__ = ["PPGenError", "__version__"]
