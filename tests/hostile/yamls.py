"""YAML files: values that cannot be, anchors, depth, bases, and sections of a config that hold something else."""

from collections.abc import Iterator
from functools import partial

from hostile.case import Case, command, written

GOOD = """
total_iters: 2
model:
  name: GAN
  generator: {name: MLPGenerator, latent_dim: 4, image_size: 8, width: 8}
  discriminator: {name: MLPDiscriminator, image_size: 8, width: 8}
dataset:
  train: {name: Digits, size: 8}
loader: {batch_size: 2}
optimizer:
  generator: {name: Adam, learning_rate: 0.0002}
  discriminator: {name: Adam, learning_rate: 0.0002}
"""
_VALUES = (
    "!!int x", "!!float x", "!!bool x", "!!null x", "!!binary x", "!!timestamp x", "!!set {a}", "!!omap [a: 1]",
    "!!pairs [a: 1]", "!!str {}", "!!map []",
    "!!seq {}", "!!python/object/apply:os.system [touch canary]", "!!python/object/new:os.system [x]",
    "!!python/name:os.system", "!!python/module:os",
    "!!python/tuple [1]", "!x y", "!<tag:yaml.org,2002:python/object/apply:os.system> [x]", "9" * 5000,
    "0x" + "f" * 5000, "1e9999", "-.inf", ".nan",
    "1:2:3:4:5:6:7:8", "[" * 3000, "{a: " * 3000, "[" * 3000 + "]" * 3000, "? [a]: b", "{[a]: b}", "{{a: b}: c}",
    "&a [*a]", "*b", "<<: 5", "{<<: 5}",
    "{<<: [5]}", "{<<: {a: 1}, <<: {a: 2}}", "null", "~", "true", "-1", "0", "1.5", "''", "[]", "{}", "[null]",
    "{null: null}", "{1: 2}", "{true: 1}",
    "2001-01-01", "2001-99-99", "\"\\0\"", "\"\\e[2J\"", '"\\ud800"', "'" + "x" * 100_000 + "'", "|\n    a\n    b",
    "b'x'", "=", "__import__('os')",
    "${HOME}", "$(touch canary)", "../../../etc/passwd", "/dev/zero", "~root", "a/" * 3000, "[1, 2, 3]", "{name: 5}",
    "{name: [a]}", "{name: {}}", "{name: GAN}",
    "99999999999999999999", "1e308", "-0.0", "0o17", "0b11", "1_000", "é", "'\\x1b[2J'", "!!float 9" + "9" * 400,
    "{a: 1, a: 2}",
)  # fmt: skip
_KEYS = (
    "total_iters", "model", "model.name", "model.generator", "model.generator.width", "dataset", "dataset.train",
    "dataset.train.size", "loader",
    "loader.batch_size", "optimizer", "optimizer.generator.learning_rate", "output_dir", "seed", "schedule", "ema",
    "validate", "checkpoint", "log", "card",
    "stages", "load", "_base_", "epochs", "unknown",
)  # fmt: skip
_TEXTS: tuple[str | bytes, ...] = (
    "", "\n", "#", "---", "--- ---", "---\na: 1\n---\nb: 2", "%YAML 9.9\n---\na: 1",
    "%TAG ! tag:x,2000:\n---\na: !y 1", "a", "- a", "a: b: c", "a:\n\tb: 1", "{", "}",
    "[", "'", '"', "&", "*", "!", "|", ">", "@", "`", "\0", "\ufeffa: 1", b"\xff\xfe", b"a: \xff", "a: 1\0", "\x07",
    "a: 1\n" * 10_000, "? " * 3000, "- " * 3000,
    "[" * 3000, "{" * 3000, "a: &a [" + "*a, " * 10 + "]", "x" * 10**6, "a" * 10**6 + ": 1",
    "? |\n " + "x" * 100_000 + "\n: 1", "!!python/object/apply:os.system ['touch canary']",
    "a: &a [x]\n" + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi")),
    "_base_: c.yaml", "_base_: [c.yaml, c.yaml]", "_base_: /etc/passwd", "_base_: ../../../../etc/hostname",
    "_base_: /dev/zero", "_base_: .", "_base_: ''", "_base_: 5",
    "_base_: {a: 1}", "_base_: [[a]]", "_base_: " + "x" * 5000, "_base_: \"\\0\"",
    "_base_: http://127.0.0.1:9/x.yaml", "_base_: dcgan_mnist\nmodel: 5", "_base_: ~/x",
    "a: " + "9" * 10**5, "1: 2", "null: 1", "true: false", "[a]: 1", "{a: 1}: 2", "a.b: 1", "'': 1", "\u2028: 1",
    "a: 'b", "total_iters: 2\ntotal_iters: 3",
    "model: &m {name: GAN, generator: *m}", "a: !!binary " + "A" * 10**6, "a: !!timestamp 2001-13-45", "a: !!int 0x",
    "a: !!int ''", "a: !!float ''", "a: !!bool ''",
)  # fmt: skip


def _dry(content: str | bytes, *more: str) -> int:
    return command("train", "-c", written("c.yaml", content), "--dry-run", "--no-cuda", *more)


def _doubled() -> int:
    """Bases that name a base twice, sixteen deep."""
    for number in range(16):
        written(f"b{number}.yaml", f"_base_: [b{number + 1}.yaml, b{number + 1}.yaml]\n")
    written("b16.yaml", GOOD)
    return _dry("_base_: [b0.yaml, b0.yaml]")


def _fan() -> int:
    """A hundred bases with large files."""
    for number in range(100):
        written(f"b{number}.yaml", "\n".join(f"k{number}x{each}: {each}" for each in range(500)))
    return _dry(f"_base_: [{', '.join(f'b{number}.yaml' for number in range(100))}]")


def _with(key: str, value: str) -> int:
    """A good config in which a key has another value, as a file says it."""
    lines = ["_base_: good.yaml"]
    for depth, part in enumerate(key.split(".")):
        lines.append("  " * depth + f"{part}:")
    lines[-1] += f" {value}"
    written("good.yaml", GOOD)
    return _dry("\n".join(lines if key != "_base_" else lines[1:]))


def cases() -> Iterator[Case]:
    """Texts, values in their places, and the same by `-o`."""
    for number, text in enumerate(_TEXTS):
        yield Case(f"yaml/text {number} {str(text)[:24]!r}", partial(_dry, text))
    for number, value in enumerate(_VALUES):
        for step in range(5):
            key = _KEYS[(5 * number + step) % len(_KEYS)]
            yield Case(f"yaml/{key} {number} {value[:24]!r}", partial(_with, key, value))
        key = _KEYS[number % len(_KEYS)]
        yield Case(f"yaml/-o {key} {number} {value[:24]!r}", partial(_dry, GOOD, "-o", f"{key}={value}"))
    for number, word in enumerate(
        (
            "",
            "=",
            "a",
            "a=",
            "=b",
            "a..b=1",
            ".=1",
            "a.=1",
            "model.0=1",
            "dataset.train.name.x=1",
            "\0=1",
            "a=\0",
            "model=",
            "x" * 9999 + "=1",
        )
    ):
        yield Case(f"yaml/-o alone {number} {word[:12]!r}", partial(_dry, GOOD, "-o", word))
    yield Case("yaml/bases of bases", _doubled)
    yield Case("yaml/a hundred bases", _fan)
