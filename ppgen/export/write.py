"""A network's graphs with all that a stranger needs, in one folder."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import ppgen
from ppgen import hub
from ppgen.errors import ConfigError
from ppgen.export.parts import Part, Plan, plan
from ppgen.export.scripts import script
from ppgen.faces.align import PORTRAIT
from ppgen.io.atomic import check_output, write_files
from ppgen.io.weights import description
from ppgen.networks.protocols import Translator
from ppgen.registry import unknown
from ppgen.runtime.convert import compare, eager, saved_program, to_graph
from ppgen.runtime.graph import Session
from ppgen.runtime.trees import flatten

if TYPE_CHECKING:
    from paddle import nn

FORMATS = ("onnx", "paddle")
TOLERANCE = 1e-3  # see `ppgen.runtime.convert.TOLERANCE`
_PHOTO2CARTOON = ("LeanPhoto2CartoonGenerator", "Photo2CartoonGenerator")


class Exported(NamedTuple):
    """What was written."""

    folder: Path
    files: list[Path]


def export(
    source: str | os.PathLike,
    folder: str | os.PathLike,
    format: str = "onnx",
    any_batch: bool = False,
    network: hub.Network = None,
    key: str | None = None,
) -> Exported:
    """Write graphs, `preprocess.json`, `card.md` and `run_exported.py` into a folder, all of them or none.

    Args:
        source: a name of the hub, a weights file, or the folder of a run, of which the best weights are taken.
        format: "onnx"; or "paddle", a program and its parameters, as `paddle.jit.load` reads them.
        any_batch: the graphs take batches of any length; otherwise of one.
        network, key: which one the arrays are for, and its name among several, where neither file nor name says so;
            see `hub.load`.
    Raises:
        ConfigError: another format. WeightsError: as `hub.load`, or a network that is not exported.
        ExportError: the graph is more than `TOLERANCE` away from eager Paddle. OutputError.
    """
    if format not in FORMATS:
        raise ConfigError(unknown("format", format, FORMATS))
    target = Path(folder).expanduser()
    check_output(target)
    path = hub.path_of(source)
    loaded = hub.load(path, network, key=key)
    planned = plan(loaded, str(source))
    jobs = [(part, loaded) for part in planned.parts]
    use = planned.use
    if type(loaded).__name__ in _PHOTO2CARTOON and isinstance(loaded, Translator) and loaded.image_size == 256:
        use, jobs = "cartoon", [*jobs, _one_file(loaded)]
    files: dict[str, bytes] = {}
    graphs: dict[str, Any] = {}
    for part, owner in jobs:
        files |= _part_files(part, owner, format, any_batch)
        suffix = ".onnx" if format == "onnx" else ""
        names = {"inputs": list(part.inputs), "outputs": list(part.outputs)}
        graphs[part.name] = {"file": part.name + suffix, "batch": "any" if any_batch else 1, **names}
    files["preprocess.json"] = _told(loaded, planned, graphs, format, use)
    files["card.md"] = _card(source, path, loaded).encode()
    files["run_exported.py"] = script(use, format).encode()
    write_files({target / name: content for name, content in files.items()})
    return Exported(target, [target / name for name in files])


def _part_files(part: Part, network: nn.Layer, format: str, any_batch: bool) -> dict[str, bytes]:
    """The files of one graph, held against eager Paddle on random and real input."""
    both = part.example(2)
    rows = [both] if any_batch else [[array[row : row + 1] for array in both] for row in range(2)]
    _, shape = flatten(tuple(both), lambda value: isinstance(value, np.ndarray))
    if format == "onnx":
        graph = to_graph(network, part.method, shape, rows[0], any_batch, TOLERANCE)
        session = Session(graph)
        for arrays in rows[1:]:
            compare(session.run(arrays), eager(network, part.method, shape, arrays)[0], TOLERANCE)
        return {f"{part.name}.onnx": _renamed(bytes(graph.onnx), part)}
    import paddle

    with tempfile.TemporaryDirectory() as folder:
        program = saved_program(network, part.method, shape, rows[0], any_batch, Path(folder) / part.name)
        layer = paddle.jit.load(str(program))
        layer.eval()
        for arrays in rows:
            found = layer(*map(paddle.to_tensor, arrays))
            found = found if isinstance(found, (list, tuple)) else [found]
            compare([x.numpy() for x in found], eager(network, part.method, shape, arrays)[0], TOLERANCE)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _renamed(onnx: bytes, part: Part) -> bytes:
    """The model with the part's names for its inputs and outputs."""
    import onnx as format

    model = format.load_from_string(onnx)
    names = {item.name: part.inputs[int(item.name.rsplit("_", 1)[1])] for item in model.graph.input}
    names |= {item.name: name for item, name in zip(model.graph.output, part.outputs)}
    for item in (*model.graph.input, *model.graph.output):
        item.name = names.get(item.name, item.name)
    for node in model.graph.node:
        for side in (node.input, node.output):
            for index, name in enumerate(side):
                side[index] = names.get(name, name)
    return model.SerializeToString()


def _one_file(generator: Translator) -> tuple[Part, nn.Layer]:
    """The way from the aligned crop to the finished cartoon in one graph."""
    from ppgen.export.one_file import SIDE, OneFileCartoon

    def crops(count: int) -> list[np.ndarray]:
        from skimage.data import astronaut

        from ppgen.datasets.files import resize

        real = resize(astronaut()[:300, 80:380], (SIDE, SIDE))
        return [np.stack([real if row % 2 == 0 else real[:, ::-1] for row in range(count)])]

    return Part("cartoon", "forward", ("crop",), ("cartoon",), crops), OneFileCartoon(generator)


def _told(network: nn.Layer, planned: Plan, graphs: dict[str, Any], format: str, use: str) -> bytes:
    """`preprocess.json`."""
    facts: dict[str, Any] = {"network": type(network).__name__, "format": format, "ppgen": ppgen.__version__}
    facts |= {"graphs": graphs, **planned.facts}
    if use == "cartoon":
        facts["crop"] = {"size": 256, "type": "uint8", "layout": "NHWC", "channels": "RGB"}
        facts["alignment"] = {
            "landmarks": "68 points, order of iBUG 300-W",
            "level": [36, 45],  # the outer eye corners, turned level about the photo's centre
            "grow": {"up": PORTRAIT.up, "down": PORTRAIT.down, "side": PORTRAIT.side},
            "grow_unit": "height of the landmarks' box for up and down, its width for each side; then squared",
            "outside": 255,
        }
        facts["background"] = "of the generator's own graph: white, 255, outside the person"
    return (json.dumps(facts, indent=1) + "\n").encode()


def _card(source: str | os.PathLike, path: Path, network: nn.Layer) -> str:
    name = path.stem if description(path) is not None else ""
    if name:
        return hub.markdown(name, path)
    unknown_origin = "the weights file says nothing of its data and licence"
    return f"# {Path(source).name}\n\nA {type(network).__name__} of ppgen's; {unknown_origin}.\n"
