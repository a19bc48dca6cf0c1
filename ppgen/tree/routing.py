"""Which of several generators draws a face: that of its group by age and gender, or of a group above it.

What is not told about a person is estimated from the face (`ppgen.faces.attributes`).
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ppgen import hub
from ppgen.config import Settings
from ppgen.errors import ConfigError, WeightsError, short
from ppgen.registry import nearest

Routing = Mapping[str, Any]  # what tree.json holds, or leaf -> weights

TREE = "tree.json"
# Of a plain dict of leaves, which says no bounds: those of the data ppgen's weights learnt from, in years.
_LEVELS: dict[str, dict[str, dict[str, float]]] = {
    "age": {"young": {"below": 50}, "middle": {"from": 50, "below": 65}, "senior": {"from": 65}},
    "gender": {"F": {}, "M": {}},
}
_BASES = ("", "base")


@dataclass(frozen=True)
class Route:
    """Which leaf serves a face, and why.

    leaf: its name; None where not even a base was given, so that the predictor's own generator serves.
    weights: its file; None likewise. wanted: the name of the leaf that the groups ask for.
    groups: attribute -> group of the person. estimated: attribute -> what the face was estimated to be; what is not
    in it was told by the caller.
    warnings: sentences where another leaf than the one wanted serves: it was not trained, or came out worse than its
    parent on its own group.
    """

    leaf: str | None
    weights: Path | None
    wanted: str
    groups: dict[str, str]
    estimated: dict[str, float | str]
    warnings: tuple[str, ...] = ()


class _Leaf(NamedTuple):
    """worse: "overall 0.4 against 0.3" where its parent draws the leaf's own group better, else empty."""

    name: str
    groups: dict[str, str]
    weights: Path
    worse: str = ""


class Router:
    """Chooses a leaf by a person's attributes.

    routing: the run folder of a tree of trainings, its tree.json (or what is in it), or a dict from leaves to weights
    files, or names of shipped ones, such as {'base': W, 'young': W, 'senior-F': W}. A leaf whose weights are not there
    is passed over in a tree, and an error in a dict.
    Raises WeightsError, ConfigError.
    """

    def __init__(self, routing: str | os.PathLike | Routing) -> None:
        if isinstance(routing, Mapping) and "nodes" not in routing:
            self.levels, self.leaves = _LEVELS, _plain(routing)
            return
        name, folder = "routing", Path()  # how messages call it
        if not isinstance(routing, Mapping):
            path = Path(routing).expanduser()
            path = path / TREE if path.is_dir() else path
            routing, name, folder = _read_tree(path), str(path), path.parent
        try:
            self.levels = {level["by"]: _groups(level["groups"]) for level in routing["levels"]}
            self.leaves = [
                _Leaf(str(node["name"]), dict(node["attributes"]), folder / node["weights"], _worse_than_parent(node))
                for node in routing["nodes"]
                if node["weights"] and (folder / node["weights"]).is_file()
            ]
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            reason = short(repr(error))
            raise WeightsError(f"{name}: is not what a training with `stages` leaves ({reason})") from error
        if not self.leaves:
            raise WeightsError(f"{name}: no node of this tree has weights yet; train it first")

    def checked(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """What the caller knows, without the unknown (None): a group, or for an age years.

        Raises ConfigError for an attribute or a value that no level has.
        """
        for name, value in attributes.items():
            if name not in self.levels:
                hint = f"{nearest(name, list(self.levels))} (what does: {', '.join(self.levels)})"
                raise ConfigError(f"attributes: '{name}' does not choose a leaf{hint}")
            if value is not None:
                self._group(name, value)
        return {name: value for name, value in attributes.items() if value is not None}

    def _group(self, name: str, value: object) -> str | None:
        """The group of a value; None for years outside all groups."""
        groups = self.levels[name]
        if isinstance(value, (int, float)) and not isinstance(value, bool) and any(groups.values()):
            if not 0 <= value <= 150:
                raise ConfigError(f"attributes: {name}={value!r} is no age in years")
            inside = (
                group for group, ends in groups.items()
                if ends.get("from", -math.inf) <= value < ends.get("below", math.inf)
            )  # fmt: skip
            return next(inside, None)
        if str(value) not in groups:
            years = " or years" if any(groups.values()) else ""
            raise ConfigError(f"attributes: {name}={value!r}: give one of {', '.join(map(repr, groups))}{years}")
        return str(value)

    def route(self, known: Mapping[str, object], crop: np.ndarray, landmarks: np.ndarray) -> Route:
        """The leaf for a face.

        Args:
            known: as `checked` gives it; what is missing is estimated.
            crop: uint8 (H, W, 3); landmarks: (68, 2) in its pixels.
        """
        estimated: dict[str, float | str] = {}
        missing = [name for name in self.levels if name not in known]
        if any(name in ("age", "gender") for name in missing):
            from ppgen.faces.attributes import estimate_attributes

            guess = estimate_attributes(crop, landmarks)
            guesses: dict[str, float | str] = {"age": min(max(guess.age, 0.0), 150.0), "gender": guess.gender}
            estimated = {name: guesses[name] for name in missing if name in guesses}
        groups = {}
        for name in self.levels:
            value = known.get(name, estimated.get(name))
            strange = name in estimated and name != "age" and value not in self.levels[name]  # groups of other words
            group = None if value is None or strange else self._group(name, value)
            if group is not None:
                groups[name] = group
        return self._served(groups, estimated)

    def _served(self, groups: dict[str, str], estimated: dict[str, float | str]) -> Route:
        wanted = "-".join(groups.values()) or _BASES[-1]
        fitting = [leaf for leaf in self.leaves if leaf.groups.items() <= groups.items()]
        if not fitting:
            text = f"there is no generator for {wanted} nor above it, so the one for everybody drew"
            return Route(None, None, wanted, groups, estimated, (text,))
        fitting.sort(key=lambda one: -len(one.groups))  # stable: the first of equals
        leaf = next((one for one in fitting if not one.worse), fitting[0])
        warnings = [
            f"on validation that of {one.name} is worse than its parent ({one.worse}), so {leaf.name} drew"
            for one in fitting[: fitting.index(leaf)]
        ]
        if leaf.groups != groups and fitting[0].groups != groups:
            warnings.insert(0, f"there is no generator for {wanted}, so that of {leaf.name} drew")
        return Route(leaf.name, leaf.weights, wanted, groups, estimated, tuple(warnings))


def _worse_than_parent(node: Settings) -> str:
    """What tree.json says of a node's best score and its parent's, both on the node's own validation portraits."""
    own, parent = node.get("score"), node.get("parent_score")
    if own is None or parent is None or not (own < parent if node.get("mode") == "max" else own > parent):
        return ""
    return f"{node.get('judged_by', 'score')} {own:.4g} against {parent:.4g}"


def _groups(told: Mapping[str, Mapping[str, float] | None]) -> dict[str, dict[str, float]]:
    """Each group's ends, empty where it has none."""
    return {group: {end: float(value) for end, value in (ends or {}).items()} for group, ends in told.items()}


def _read_tree(path: Path) -> Settings:
    """The content of a tree.json; raises WeightsError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        advice = "give the run folder of a training with `stages`"
        raise WeightsError(f"{path}: cannot be read ({error.strerror}); {advice}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path}: is no JSON ({error}); give the {TREE} of a training with `stages`") from error


def _plain(routing: Routing) -> list[_Leaf]:
    """The leaves of {'senior-F': weights, …}."""
    words = {group: name for name, groups in _LEVELS.items() for group in groups}
    leaves = []
    for name, weights in routing.items():
        groups: dict[str, str] = {}
        for word in () if name in _BASES else str(name).split("-"):
            if word not in words or words[word] in groups:
                known = " | ".join(", ".join(level) for level in _LEVELS.values())
                raise ConfigError(f"routing: '{name}' is no leaf; join a word of each of {known} by '-', or say 'base'")
            groups[words[word]] = word
        leaves.append(_Leaf(str(name) or _BASES[-1], groups, hub.path_of(weights)))
    if not leaves:
        raise ConfigError("routing: an empty dict; give {'base': weights, 'senior-F': weights, …}")
    return leaves
