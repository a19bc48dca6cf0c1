"""Pickles in the place of `.pdparams`: payloads, memory from few bytes, and every kind of damage."""

import pickle
import pickletools
import random
import struct
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial

import numpy as np
from hostile.case import Case, command, written

FILE = "w.pdparams"
_RUNS = 'touch "$CANARY"'  # a shell's
_CODE = "import os; open(os.environ['CANARY'], 'w').close()"
_CALLS = {  # module and name -> arguments that leave the canary
    "os system": (_RUNS,), "posix system": (_RUNS,), "subprocess call": (["sh", "-c", _RUNS],),
    "subprocess Popen": (["sh", "-c", _RUNS],),
    "subprocess getoutput": (_RUNS,), "os popen": (_RUNS,), "builtins exec": (_CODE,),
    "builtins eval": (f"exec({_CODE!r})",),
    "builtins compile": (_CODE, "x", "exec"), "builtins __import__": ("antigravity",),
    "builtins getattr": ("", "format"),
    "builtins open": ("/etc/passwd",), "__builtin__ exec": (_CODE,), "pty spawn": ("true",),
    "runpy run_path": ("w.pdparams",),
    "importlib import_module": ("antigravity",), "code interact": (), "timeit timeit": (_CODE,),
    "cProfile run": (_CODE,),
    "pdb run": (_CODE,), "types FunctionType": (), "types CodeType": (), "functools partial": (print,),
    "operator attrgetter": ("a",),
    "operator methodcaller": ("a",), "copyreg _reconstructor": (object, object, None),
    "copyreg __newobj__": (object,), "pickle loads": (b"N.",),
    "marshal loads": (b"N",), "shutil rmtree": ("/nowhere",), "socket create_connection": (("127.0.0.1", 9),),
    "webbrowser open": ("http://127.0.0.1:9",), "ctypes CDLL": ("libc.so.6",), "numpy load": ("x",),
    "numpy fromfile": ("/etc/passwd",),
    "numpy.testing._private.utils runstring": (_CODE, {}), "numpy.f2py.diagnose run_command": (_RUNS,),
    "numpy memmap": ("/etc/passwd",),
    "paddle load": ("x",), "paddle.base.core eager": (), "paddle save": (), "ppgen.cli main": (["list"],),
    "ppgen.io.pdparams _Reader": (),
    "nt system": (_RUNS,), "asyncio run": (), "logging.config listen": (), "pip main": (["list"],),
    "collections namedtuple": ("a", "b"),
    "builtins globals": (), "builtins vars": (), "builtins type": ("X", (), {}), "builtins bytearray": (10**10,),
    "builtins bytes": (10**10,),
    "builtins tuple": (range,), "builtins range": (10**10,), "_codecs encode": ("a", "rot13"),
    "_codecs decode": (b"a", "zip"),
    "numpy ndarray": ((10**5, 10**5),), "numpy dtype": ("O",), "numpy.core.multiarray scalar": ("f4", b""),
    "numpy.core.multiarray _reconstruct": (1, 2, 3),
    "numpy.core.numeric _frombuffer": (b"", "f4", (2,), "C"), "collections OrderedDict": (5,),
    "builtins print": ("\x1b[2J",),
}  # fmt: skip


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def _call(name: str, arguments: tuple, protocol: int) -> bytes:
    """A pickle that calls `module function` with arguments, in the words of a protocol."""
    module, _, function = name.partition(" ")
    try:
        given = pickle.dumps(arguments, 2)[2:-1]
    except (pickle.PicklingError, TypeError):
        given = b")"
    asked = _text(module) + _text(function) + b"\x93" if protocol == 4 else f"c{module}\n{function}\n".encode()
    return bytes([0x80, protocol]) + asked + given + b"R."


def _good() -> bytes:
    """What Paddle writes."""
    arrays = OrderedDict((f"layer.{n}.weight", np.arange(6, dtype=np.float32).reshape(2, 3)) for n in range(3))
    return pickle.dumps({**arrays, "StructuredToParameterName@@": {"a": "b"}}, 2)


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Few bytes that ask for much: memory, time, depth."""
    big = struct.pack("<I", 0x14000000)
    yield "memo index of 335 million", b"\x80\x02}r\x00\x00\x00\x14."
    yield "memo index of 4 billion", b"\x80\x02}r\xff\xff\xff\xff."
    yield "memo index as text", b"\x80\x02}p999999999\n."
    yield "memo get of what is not there", b"\x80\x02j\xff\xff\xff\x7f."
    yield "bytes of 335 MB that are not there", b"\x80\x03B" + big + b"."
    yield "bytes of 8 EB", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f."
    yield "bytearray of 8 EB", b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f."
    yield "bytearray of 4 GB", b"\x80\x05\x96" + struct.pack("<Q", 2**32) + b"."
    yield "text of 4 GB", b"\x80\x02X\xff\xff\xff\xff."
    yield "frame of 8 EB", b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fN."
    yield "a long of 2 GB", b"\x80\x02\x8b\xff\xff\xff\x7f."
    yield "a long of -1 bytes", b"\x80\x02\x8b\xff\xff\xff\xff."
    yield "a number of a million digits", b"\x80\x02I" + b"9" * 10**6 + b"\n."
    yield "a long of 100 KB", b"\x80\x02\x8b" + struct.pack("<I", 100_000) + b"\x7f" * 100_000 + b"."
    for depth in (100, 10_000, 1_000_000):
        yield f"{depth} lists in lists", b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."
        yield f"{depth} marks", b"\x80\x02" + b"(" * depth + b"t" * depth + b"."
        yield f"{depth} tuples in tuples", b"\x80\x02)" + b"\x85" * depth + b"."
        yield f"{depth} empty dicts", b"\x80\x02]" + b"(" + b"}" * depth + b"e."
    for times in (10, 100, 1000):
        body = b"]q\x00" + b"".join(
            b"](" + b"h" + bytes([n]) * 1 + (b"h" + bytes([n])) * times + b"eq" + bytes([n + 1]) for n in range(9)
        )
        yield f"lists that name lists {times} times", b"\x80\x02" + body + b"."
    for count in (100, 10_000):
        array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        state = b"(K\x01M\x00\x10M\x00\x10\x86cnumpy\ndtype\nU\x02f4K\x00K\x01\x87Rh\x01h\x00t"
        one = array + b"(K\x01K\x02J\x00\x00\x08\x00\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89h\x00tb"
        yield (
            f"one buffer for {count} arrays",
            b"\x80\x02T" + struct.pack("<I", 2**20) + bytes(2**20) + b"q\x00](" + one * count + b"e.",
        )
        yield f"arrays of the wrong state, {count}", b"\x80\x02](" + (array + state + b"b") * count + b"e."
    yield "a dict that holds itself", b"\x80\x02}q\x00U\x01ah\x00s."
    yield "a list that holds itself", b"\x80\x02]q\x00h\x00a."
    yield "duplicates", b"\x80\x02}" + b"2" * 10**6 + b"."
    yield "BUILD on an admitted function", b"\x80\x02c_codecs\nencode\n}U\x01aK\x01sb."
    yield "BUILD on OrderedDict's class", b"\x80\x02ccollections\nOrderedDict\n}U\x0bmove_to_endK\x01sb."
    yield "BUILD with slots", b"\x80\x02c_codecs\nencode\nN}U\x0a__module__U\x01xs\x86b."
    yield "BUILD of __class__", b"\x80\x02ccollections\nOrderedDict\n)R}U\x09__class__cnumpy\nndarray\nsb."
    yield "persistent id", b"\x80\x02U\x01aQ."
    yield "persistent id as text", b"\x80\x02Pa\n."
    yield "extension 1", b"\x80\x02\x82\x01."
    yield "INST", b"\x80\x02(S'" + _RUNS.encode().replace(b'"', b"") + b"'\nios\nsystem\n."
    yield "OBJ", b"\x80\x02(cos\nsystem\nU\x04trueo."
    yield "NEWOBJ", b"\x80\x02ccollections\nOrderedDict\n)\x81."
    yield "NEWOBJ_EX", b"\x80\x04ccollections\nOrderedDict\n)}\x92."
    yield "next buffer", b"\x80\x05\x97."
    yield "readonly buffer", b"\x80\x05]\x98."
    yield "names that move the cursor", b"\x80\x02c\x1b[2Jos\n\x1b[1;1Hsystem\n)R."
    yield "a name of a megabyte", b"\x80\x02c" + b"a" * 10**6 + b"\nsystem\n)R."
    yield "STACK_GLOBAL of numbers", b"\x80\x04K\x01K\x02\x93."
    yield "pops more than there is", b"\x80\x020000."
    yield "stops at once", b"\x80\x02."
    yield "memoize of nothing", b"\x80\x04\x94."
    yield "a million memoized", b"\x80\x04]" + b"\x94" * 10**6 + b"."
    yield "a set", b"\x80\x04\x8f(K\x01\x90."
    yield "a frozenset", b"\x80\x04(K\x01\x91."
    yield "unhashable keys", b"\x80\x02}]]s."
    yield "protocol 200", b"\x80\xc8N."
    yield "no pickle", b"\x80\x02" + bytes(range(256)) * 10
    for key in ("\x1b[2J\nerror: sent", "a\0", "x" * 10**6, "\ud800", ""):
        yield f"a key {key[:10]!r} of {len(key)}", b"\x80\x02}" + _text(key) + b"K\x01s."


def _mutated(number: int) -> bytes:
    """A good file with bytes changed, left out, doubled, or opcodes in other places."""
    rng = random.Random(number)
    data = bytearray(_good())
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[place] = rng.randrange(256)
        elif kind == 1:
            del data[place : place + rng.randint(1, 20)]
        elif kind == 2:
            data[place:place] = data[place : place + rng.randint(1, 40)]
        else:
            data[place] = ord(rng.choice(list(pickletools.code2op)))
    return bytes(data)


def _converted(content: bytes) -> int:
    """Read it as a network of a known class would be, and through `ppgen convert`."""
    from ppgen.errors import PPGenError
    from ppgen.io.arrays import read_arrays

    path = written(FILE, content)
    try:
        read_arrays(path)
    except PPGenError:
        pass
    return command("convert", path, "-o", "out.safetensors", "--network", "MLPGenerator")


def cases() -> Iterator[Case]:
    """Calls in two protocols, bombs, and damage."""
    for name, arguments in _CALLS.items():
        for protocol in (2, 4):
            yield Case(f"pickles/{name}, protocol {protocol}", partial(_converted, _call(name, arguments, protocol)))
    for what, content in _bombs():
        yield Case(f"pickles/{what}", partial(_converted, content))
    for end in range(0, len(_good()), 12):
        yield Case(f"pickles/cut at {end}", partial(_converted, _good()[:end]))
    for number in range(120):
        yield Case(f"pickles/mutated {number}", partial(_converted, _mutated(number)))
