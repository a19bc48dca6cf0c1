"""The section `stages` of a config: which groups a tree of trainings splits into, and its nodes.

    stages:
      levels:
        - {by: age, groups: {young: {below: 50}, middle: {from: 50, below: 65}, senior: {from: 65}}, total_iters: 600}
        - {by: gender, groups: [F, M], total_iters: 400}

The base is the config without this section. Every group of a level starts from the weights of the group it is a part
of; the groups of the first level start from the base.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from ppgen.config import Settings, check_call
from ppgen.config.read import merge
from ppgen.config.validate import is_number
from ppgen.engine.settings import TrainingConfig
from ppgen.errors import ConfigError

BASE = "base"
_COLUMNS = {"age": "age_group"}  # where meta.csv has an attribute's words, if not in a column of its name
_NAME = re.compile(r"\w+")


@dataclass(frozen=True)
class StagesSettings:
    """The section itself.

    Attributes:
        levels: from the first split downwards, each with the attributes of `LevelSettings`.
        start_from: which of the parent's weights a node starts from: those that scored best, or the last.
    """

    levels: list
    start_from: Literal["best", "last"] = "best"


@dataclass(frozen=True)
class LevelSettings:
    """One split.

    Attributes:
        by: the attribute that splits; the router asks for it by this name.
        groups: names of the groups; of an age with the years of each, {from: A, below: B}.
        total_iters: steps of each node of this level.
        column: of meta.csv that holds the attribute. For an age, a column of years that is held against the groups'
            bounds; None: the column `age_group`, which holds the groups' names, made with the same bounds.
        change: what else is different from the base's config.
    """

    by: str
    groups: list | dict
    total_iters: int
    column: str | None = None
    change: dict = field(default_factory=dict)

    def names(self) -> list[str]:
        """Of the groups, as text."""
        return [str(group) for group in self.groups]

    def bounds(self, group: str) -> dict[str, float]:
        """{from: A, below: B} of a group; {} where groups are names alone."""
        return {str(key): ends for key, ends in self.groups.items()}[group] if isinstance(self.groups, dict) else {}

    def where(self, group: str) -> Settings:
        """The dataset's filter for one group."""
        words = None if self.column else _COLUMNS.get(self.by)
        return {self.column or words or self.by: (None if words else self.bounds(group)) or group}


@dataclass(frozen=True)
class Node:
    """One training of the tree.

    Attributes:
        name: `base`, or the groups' names from the top joined by `-`; of its folder too.
        parent: the node it starts from; None for the base.
        level: 0 for the base.
        attributes: attribute -> group, of all levels down to this.
        settings: of an ordinary training, without the section `stages`.
    """

    name: str
    parent: str | None
    level: int
    attributes: dict[str, str]
    settings: Settings


def check_stages(value: Settings, where: str) -> list[str]:
    """Faults of the section, each with its YAML path."""
    if faults := check_call(StagesSettings, value, where):
        return faults
    if not value["levels"]:
        return [f"{where}.levels: expected at least one level"]
    seen: set[str] = set()
    for number, item in enumerate(value["levels"]):
        place = f"{where}.levels.{number}"
        faults += check_call(LevelSettings, item, place) or _level_faults(LevelSettings(**item), place, seen)
    return faults


def _level_faults(level: LevelSettings, where: str, seen: set[str]) -> list[str]:
    faults = []
    if level.by in seen:
        faults.append(f"{where}.by: '{level.by}' has split the tree on a level above")
    if level.total_iters < 1:
        faults.append(f"{where}.total_iters: expected 1 or more, found {level.total_iters}")
    seen.add(level.by)
    for key in ("stages", "total_iters", "epochs", "seed", "output_dir", "load"):
        if key in level.change:
            faults.append(f"{where}.change.{key}: cannot differ from level to level here")
    return faults + _group_faults(level, f"{where}.groups")


def _group_faults(level: LevelSettings, where: str) -> list[str]:
    names = level.names()
    if not names or len(set(names)) < len(names):
        return [f"{where}: expected names of groups, each once, found {level.groups}"]
    faults = [
        f"{where}: '{name}' is no name for a group (letters, digits and _ only; '{BASE}' is taken)"
        for name in names
        if not _NAME.fullmatch(name) or name == BASE
    ]
    if not isinstance(level.groups, dict):
        if level.by == "age":
            faults.append(f"{where}: give the years of each group, such as young: {{below: 50}}")
        return faults
    return faults + _bounds_faults(level.groups, where)


def _bounds_faults(groups: Settings, where: str) -> list[str]:
    faults: list[str] = []
    spans = []
    for name, ends in groups.items():
        is_range = isinstance(ends, dict) and ends and set(ends) <= {"from", "below"}
        numbers = is_range and all(map(is_number, ends.values()))
        low, high = (ends.get("from", -math.inf), ends.get("below", math.inf)) if numbers else (0, 0)
        if low >= high:
            faults.append(f"{where}.{name}: expected {{from: A, below: B}} in years, A below B, found {ends!r}")
        spans.append((low, high, name))
    spans.sort(key=lambda span: span[:2])
    for (_, high, one), (low, _, other) in zip(spans, spans[1:]):
        if not faults and low < high:
            faults.append(f"{where}.{other}: overlaps with {one}")
    return faults


def levels_of(config: TrainingConfig) -> list[LevelSettings]:
    """The levels of a valid config."""
    return [LevelSettings(**item) for item in config.stages["levels"]]


def nodes_of(config: TrainingConfig) -> list[Node]:
    """All nodes, parents before children.

    Raises:
        ConfigError: `epochs` in place of `total_iters`, or no validation to choose weights by.
    """
    if config.epochs:
        raise ConfigError("epochs: a config with stages counts in steps; give total_iters")
    if "validation" not in config.dataset or not config.validate.metric or not config.validate.best:
        needed = "dataset.validation, validate.metric and validate.best"
        raise ConfigError(f"stages: give {needed}: they choose each node's weights")
    base = config.as_settings()
    del base["stages"]
    nodes = above = [Node(BASE, None, 0, {}, base)]
    for depth, level in enumerate(levels_of(config), start=1):
        here = [_child(parent, depth, level, group, base) for parent in above for group in level.names()]
        nodes, above = nodes + here, here
    return nodes


def _child(parent: Node, depth: int, level: LevelSettings, group: str, base: Settings) -> Node:
    settings = merge(base, level.change)
    settings.pop("load", None)  # where the base starts
    settings["total_iters"] = level.total_iters
    for key, dataset in settings["dataset"].items():
        inherited = parent.settings["dataset"].get(key, {}).get("where") or {}
        dataset["where"] = {**inherited, **(dataset.get("where") or {}), **level.where(group)}
    name = group if parent.level == 0 else f"{parent.name}-{group}"
    return Node(name, parent.name, depth, {**parent.attributes, level.by: group}, settings)
