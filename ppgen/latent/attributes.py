"""Attribute vectors: where in a latent space a face gets a smile, and what that does to a face.

A vector is the difference of the mean codes of faces with and without an attribute (Larsen et al. 2016,
"Autoencoding beyond pixels using a learned similarity metric", section 5.3), so z + v moves a face by as much as the
two groups differ. Attributes that come together in the data (glasses and grey hair) come together in such a vector;
the method "partial" holds the other attributes equal, "conditional" the linear scores of them (after Shen et al. 2020,
"Interpreting the Latent Space of GANs for Semantic Face Editing", section 3.3).

The vectors live in the weights file of their network (`ppgen.io.weights.add_extra`), under the name of their space.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from ppgen import hub
from ppgen.datasets.attributes import CELEBA_NAMES, OUR_COLUMNS
from ppgen.datasets.image_folder import Pictures
from ppgen.errors import ConfigError, DataError
from ppgen.io.atomic import write_text
from ppgen.io.brief import brief
from ppgen.io.weights import add_extra, description, read_extra
from ppgen.registry import nearest

Method = Literal["means", "partial", "conditional"]
METHODS: tuple[Method, ...] = ("means", "partial", "conditional")
_NAMED = 12  # in a message
_SHRINK = 0.05  # of a score's squared weights, as a share of the codes' mean variance
_TOGETHER = 1e8  # condition number beyond which scores say the same
_FINDERS = {  # of the vectors of a space
    "z": "`ppgen latent attributes` finds some",
    "w": "`ppgen directions --sefa --save` or `--data DIR --save` finds some",
}


class Directions(dict[str, np.ndarray]):
    """Vectors of a latent space by name; a wrong name is a ConfigError with the nearest.

    Each is float32 (d,), or (count, d) where it moves each w of W+ by its own amount.

    Attributes:
        space: "z", or "w" for StyleGAN's.
        facts: what a card says about each.
    """

    def __init__(
        self, vectors: Mapping[str, np.ndarray] | None = None, space: str = "z", facts: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(vectors or {})
        self.space, self.facts = space, dict(facts or {})

    def __repr__(self) -> str:
        return brief("Directions", {"space": self.space, **self})

    def __missing__(self, name: str) -> np.ndarray:
        names = list(self)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        known = ", ".join(names[:_NAMED]) + more or f"none; {_FINDERS.get(self.space, _FINDERS['z'])}"
        hint = nearest(str(name), names)
        raise ConfigError(f"these weights have no vector for '{name}'{hint} (there are: {known})")

    def moved(self, z: np.ndarray, amounts: Mapping[str, float]) -> np.ndarray:
        """z + sum of amount * vector: (n, d) or (d,) -> the same; ConfigError for an unknown name."""
        shift = sum((amount * self[name].astype(np.float64) for name, amount in amounts.items()), np.float64(0))
        return (np.asarray(z) + shift).astype(np.float32)

    def cosines(self) -> np.ndarray:
        """Cosines between the vectors, (k, k): how far one attribute brings another along."""
        flat = [v.ravel() for v in np.broadcast_arrays(*self.values())]
        unit = np.stack([v / max(float(np.linalg.norm(v)), 1e-12) for v in flat])
        return unit @ unit.T


def parse_amounts(
    words: Iterable[str], what: str = "an attribute and a number", example: str = "Smiling=1.5"
) -> dict[str, float]:
    """["Smiling=1.5", "Male=-1"] -> numbers by name; ConfigError where one does not parse, or comes twice."""
    amounts: dict[str, float] = {}
    for word in words:
        name, _, text = word.partition("=")
        name = name.strip()
        try:
            amount = float(text)
        except ValueError:
            amount = np.nan
        if not name or not np.isfinite(amount):
            raise ConfigError(f"'{word}': expected {what}, such as {example}")
        if name in amounts:
            raise ConfigError(f"'{name}' was named twice")
        amounts[name] = amount
    return amounts


def answers_of(dataset: Pictures, names: list[str] | None = None) -> dict[str, np.ndarray]:
    """What a dataset says about each of its pictures: 1 yes, 0 no, NaN unknown; float32 (n,) by name.

    Args:
        names: CelebA's names or 0/1 columns; None: all of CelebA's that the table answers.
    Raises:
        DataError: the table does not answer one of them, or none at all.
    """
    columns = set(dataset.rows[0]) if dataset.rows else set()
    if names is None:
        names = [n for n in CELEBA_NAMES if n in columns or (n in OUR_COLUMNS and OUR_COLUMNS[n].column in columns)]
        if not names:
            if not columns:
                raise DataError(f"{dataset.table.parent}: nothing says who has what; give a table (--table meta.csv)")
            raise DataError(f"{dataset.table}: answers none of CelebA's attributes; name its 0/1 columns")
    return {name: dataset.has(name) for name in names}


def attribute_vectors(codes: np.ndarray, answers: Mapping[str, np.ndarray], method: Method = "means") -> Directions:
    """Vectors of the attributes.

    Args:
        codes: (n, d), the means of q(z|x), or w.
        answers: by name, (n,): 1 with, 0 without, NaN left out.
        method: "means", the difference of the two means; or "partial", the coefficients of a linear regression
            of the codes on all attributes at once: the difference of the means with the other attributes held equal,
            what is unknown counting as usual; or "conditional": the least move, measured by how codes spread, that
            changes the linear score of an attribute as much as the groups differ in it, and no other's.
    Raises:
        DataError: nobody with or without an attribute, other lengths, or attributes that always go together.
        ConfigError: another method.
    """
    if method not in METHODS:
        raise ConfigError(f"method: expected 'means', 'partial' or 'conditional', found '{method}'")
    codes = np.asarray(codes, np.float64)
    counts = {}
    for name, values in answers.items():
        if len(values) != len(codes):
            raise DataError(f"{name}: {len(values)} answers for {len(codes)} codes")
        counts[name] = int((values == 1).sum()), int((values == 0).sum())
        if min(counts[name]) == 0:
            there = "without" if counts[name][0] == 0 else "with"
            raise DataError(f"{name}: all pictures of which it is known are {there} it, so there is no difference")
    vectors = {"means": _means, "partial": _partial, "conditional": _conditional}[method](codes, answers)
    facts = {
        name: f"{method}; {counts[name][0]} with, {counts[name][1]} without; length {np.linalg.norm(v):.2f}"
        for name, v in vectors.items()
    }
    return Directions({name: v.astype(np.float32) for name, v in vectors.items()}, facts=facts)


def _means(codes: np.ndarray, answers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: codes[v == 1].mean(axis=0) - codes[v == 0].mean(axis=0) for name, v in answers.items()}


def _partial(codes: np.ndarray, answers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    table = np.stack([np.asarray(v, np.float64) for v in answers.values()], axis=1)
    vectors = {}
    for place, name in enumerate(answers):
        known = np.isfinite(table[:, place])
        part = table[known]
        filled = np.where(np.isfinite(part), part, _usual(part))
        design = np.concatenate([np.ones((len(part), 1)), filled], axis=1)
        if np.linalg.matrix_rank(design) < design.shape[1]:
            what = f"among the {len(part)} pictures of which '{name}' is known"
            advice = "leave one out, or use the method 'means'"
            raise DataError(f"{what}, one of {', '.join(answers)} follows from the others: {advice}")
        vectors[name] = np.linalg.lstsq(design, codes[known], rcond=None)[0][1 + place]
    return vectors


def _usual(table: np.ndarray) -> np.ndarray:
    """Means of columns (n, k) over what is known, 0 where nothing is."""
    known = np.isfinite(table)
    return np.where(known, table, 0).sum(axis=0) / np.maximum(1, known.sum(axis=0))


def _conditional(codes: np.ndarray, answers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of scores b·z, fitted by ridge regression with both answers of equal weight: C B (Bᵀ C B)⁻¹, by columns.

    C: covariance of the codes. B: (d, k).
    """
    means = _means(codes, answers)
    scores = np.stack([_score(codes, np.asarray(values, np.float64)) for values in answers.values()], axis=1)
    spread = np.cov(codes, rowvar=False) @ scores
    met = scores.T @ spread
    if np.linalg.cond(met) > _TOGETHER:
        raise DataError(f"of {', '.join(answers)} one follows from the others: leave one out, or use another method")
    moves = spread @ np.linalg.inv(met)
    return {name: moves[:, k] * float(scores[:, k] @ means[name]) for k, name in enumerate(answers)}


def _score(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Weights (d,) of a linear score that tells who has an attribute."""
    known = np.isfinite(values)
    yes, x = values[known] == 1, codes[known]
    weights = np.where(yes, 0.5 / yes.sum(), 0.5 / (~yes).sum())
    part = x - weights @ x
    curve = (part * weights[:, None]).T @ part
    shrink = _SHRINK * np.trace(curve) / len(curve) * np.eye(len(curve))
    return np.linalg.solve(curve + shrink, (part * weights[:, None]).T @ np.where(yes, 1.0, -1.0))


def save_directions(
    path: str | os.PathLike, directions: Directions, target: str | os.PathLike | None = None, title: str = ""
) -> Path:
    """Put vectors into the weights file of their network, and into its card where one lies beside it.

    Args:
        target: the file to write; None: `path` itself.
        title: of the section in the card; empty: "attribute vectors in z".
    Returns:
        the file written.
    Raises:
        WeightsError: `path` is no weights file of ours. OutputError: cannot be written.
    """
    heading = title or f"attribute vectors in {directions.space}"
    arrays = {f"{directions.space}/{name}": vector for name, vector in directions.items()}
    described = description(path)
    earlier = described.extra.get(heading) if described else None  # of vectors that stay
    earlier = earlier if isinstance(earlier, dict) else {}
    card = Path(target if target is not None else path).with_suffix(".md")
    is_card = card.is_file() and hub.is_card(card.stem, card)
    written = add_extra(path, arrays, {heading: {**earlier, **directions.facts}} if directions.facts else {}, target)
    if is_card:
        write_text(card, hub.markdown(written.stem, written))
    return written


def load_directions(name_or_path: str | os.PathLike, space: str = "z") -> Directions:
    """The vectors that a weights file holds for a space, with what its card says about them; none for most files.

    Raises WeightsError where there is no such file.
    """
    path = hub.path_of(name_or_path)
    prefix = f"{space}/"
    arrays = {key[len(prefix) :]: value for key, value in read_extra(path).items() if key.startswith(prefix)}
    facts = _facts_of(path, space) if arrays else {}
    return Directions(dict(sorted(arrays.items())), space, {k: facts[k] for k in sorted(arrays) if k in facts})


def _facts_of(path: Path, space: str) -> dict[str, str]:
    """What `save_directions` wrote about vectors; its headings end in the space."""
    described = description(path)
    extra = described.extra if described else {}
    parts = [part for heading, part in extra.items() if heading.endswith(f" in {space}") and isinstance(part, dict)]
    return {name: str(fact) for part in parts for name, fact in part.items()}
