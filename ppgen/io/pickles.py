"""Pickles read without running them: a machine of our own that knows containers, numbers and text.

Python's unpickler takes memory as a file asks for it (nine bytes can ask for gigabytes), and lets a file set attributes
on what it names. This one counts steps and bytes against the file's length, and what a file names is only ever called.
The operations are those that protocols 2 to 5 write; what they mean stands in `pickletools`.
"""

import pickletools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ppgen.errors import WeightsError, short

_MOST_STEPS = 250_000  # a checkpoint of a thousand arrays takes 30,000
_SLACK = 2**16  # bytes; for files so small that proportions say nothing
_LARGEST_INT = 64  # bits
_VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINSTRING", "SHORT_BINSTRING",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_EMPTY: Mapping[str, Callable[[], object]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Restored(ABC):
    """What a pickle may give a state to."""

    @abstractmethod
    def restore(self, state: tuple) -> None:
        """Take the state that the pickle gives. Whatever it raises where that does not fit, the file is damaged."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a pickle may name and call; `call` does work and takes memory in proportion to its arguments."""

    call: Callable[..., object]


def read_pickle(data: bytes, find: Callable[[str, str], Admitted]) -> object:
    """The object in a pickle of protocol 2 to 5.

    Args:
        data: the whole file.
        find: (module, name) -> what stands for it; raises WeightsError for what is not admitted.
    Raises:
        WeightsError: it asks for more than its size allows, or for an operation that no array needs.
        ValueError, TypeError, LookupError, ... where it is damaged.
    """
    return _Machine(data, find).run()


def filled(target: object, items: Any) -> dict:
    """A dict with (key, value) pairs added; keys are text or numbers, whose hashes no file can make equal."""
    if not isinstance(target, dict):
        raise WeightsError("puts names into what is no dict")
    for key, value in items:
        if not isinstance(key, (str, int)):
            raise WeightsError("holds a dict whose keys are neither text nor numbers")
        target[key] = value
    return target


class _Machine:
    def __init__(self, data: bytes, find: Callable[[str, str], Admitted]) -> None:
        self._data, self._find = data, find
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}
        self._left = 2 * len(data) + _SLACK  # each byte of an array is handed on twice: decoded, then shaped

    def run(self) -> object:
        for step, (operation, argument, _) in enumerate(pickletools.genops(self._data)):
            if step > _MOST_STEPS:
                raise WeightsError(f"takes more than {_MOST_STEPS} steps to read, which no weights do")
            if operation.name == "STOP":
                break
            self._step(operation.name, argument)
        return self._stack.pop()

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            if isinstance(argument, int) and argument.bit_length() > _LARGEST_INT:
                raise WeightsError("holds a whole number of more than 64 bits")
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            self._marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in _TUPLES:
            count = _TUPLES[name]
            stack[-count:] = [tuple(stack[-count:])]
        elif name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS"):
            self._fill(name)
        elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"):
            self._call(name, argument)
        elif name not in ("PROTO", "FRAME"):
            raise WeightsError(f"holds the operation {name}, which no array needs")

    def _fill(self, name: str) -> None:
        """The list or dict before the last values takes them."""
        if name == "SETITEM":
            items = [self._stack.pop() for _ in range(2)][::-1]
        else:
            items = [self._stack.pop()] if name == "APPEND" else self._since_mark()
        target = self._stack[-1]
        if name.startswith("SET"):
            filled(target, zip(items[::2], items[1::2], strict=True))
        elif isinstance(target, list):
            target += items
        else:
            raise WeightsError("appends to what is no list")

    def _call(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name == "GLOBAL":
            stack.append(self._find(*argument.split(" ", 1)))
            return
        last = stack.pop()
        if name == "STACK_GLOBAL":
            module = stack.pop()
            if not (isinstance(module, str) and isinstance(last, str)):
                raise WeightsError("names something by what is no text")
            stack.append(self._find(module, last))
            return
        self._spend(last)
        target = stack[-1]
        if name == "REDUCE" and isinstance(target, Admitted):
            stack[-1] = target.call(*last)
        elif name == "BUILD" and isinstance(target, Restored):
            target.restore(last)
        elif name == "REDUCE" or not isinstance(target, dict):  # an OrderedDict's own attributes are passed over
            raise WeightsError(f"calls or changes a {short(type(target).__name__)}")

    def _since_mark(self) -> list[Any]:
        at = self._marks.pop()
        items = self._stack[at:]
        del self._stack[at:]
        return items

    def _spend(self, values: Any) -> None:
        """Count what a call may copy: one buffer can be named any number of times."""
        if not isinstance(values, (tuple, dict)):
            raise WeightsError("calls something with what are no arguments")
        sized = (str, bytes, bytearray, list, tuple, dict)
        self._left -= sum(len(value) if isinstance(value, sized) else 1 for value in values)
        if self._left < 0:
            raise WeightsError("asks for more memory than a file of its size can fill")
