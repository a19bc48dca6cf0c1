"""Who has an attribute, by logistic regressions on features of real faces: the judges of vectors and directions.

An attribute counts only where its judge is right on held-back faces (`Score.reaches` of `MIN_ACCURACY`, issue 21).
"""

from collections.abc import Callable, Iterable, Mapping

from harness import Figures, scikit_learn

import numpy as np

from ppgen.datasets.files import fold_of
from ppgen.latent.supervised import Score, cross_judged

MIN_ACCURACY = 0.85  # balanced, of a judge that counts
# The weight of the probe's squared weights on standardized features, chosen by five-fold cross-validation on the
# training faces at 64 pixels: balanced accuracy 0.98 Male, 0.93 Eyeglasses, 0.82 Smiling, 0.67 Young.
PENALTY = 50.0

#: uint8 (n, H, W, 3) -> (n, d)
Features = Callable[[np.ndarray], np.ndarray]
#: features (n, d) -> bool (n,): who has an attribute
Probe = Callable[[np.ndarray], np.ndarray]


class Probes(dict[str, Probe]):
    """Probes by attribute."""

    def answers(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """1 or 0 for each row of (n, d), float32 (n,) by name."""
        return {name: probe(features).astype(np.float32) for name, probe in self.items()}


def fit_probe(features: np.ndarray, answers: np.ndarray, penalty: float = PENALTY) -> Probe:
    """Both answers of equal weight; NaN answers are left out. DataError without scikit-learn."""
    learn = scikit_learn()
    known, even = np.isfinite(answers), {"class_weight": "balanced", "solver": "newton-cholesky", "tol": 1e-8}
    fitted = learn.pipeline.make_pipeline(
        learn.preprocessing.StandardScaler(), learn.linear_model.LogisticRegression(C=1 / penalty, **even)
    ).fit(features[known].astype(np.float64), answers[known] == 1)
    return fitted.predict


def fit_probes(features: np.ndarray, answers: Mapping[str, np.ndarray]) -> Probes:
    """A probe an attribute."""
    return Probes({name: fit_probe(features, values) for name, values in answers.items()})


def balanced_accuracy(said: np.ndarray, answers: np.ndarray) -> float:
    """Mean of the shares judged right among those with and those without."""
    return float(np.mean([(said[answers == value] == value).mean() for value in (0, 1)]))


def held_back_scores(features: np.ndarray, answers: Mapping[str, np.ndarray], ids: Iterable[str]) -> dict[str, Score]:
    """How well each attribute is known: every face is judged by probes that have not seen its tenth, by its id."""
    return cross_judged(features, answers, np.array([fold_of(name) for name in ids]), fit_probes)


def counted(scores: Mapping[str, Score]) -> list[str]:
    """The attributes whose judge counts."""
    return [name for name, score in scores.items() if score.reaches(MIN_ACCURACY)]


def score_rows(scores: Mapping[str, Score]) -> dict[str, Figures]:
    """Balanced accuracy of each judge, on how many held-back faces with and without, and whether it counts."""
    rows = {name: {"balanced_accuracy": s.balanced, "with": s.yes, "without": s.no} for name, s in scores.items()}
    kept = counted(scores)
    return {name: row | {"counts": "yes" if name in kept else "no"} for name, row in rows.items()}


def reaching(
    flipped: Mapping[str, Mapping[str, Figures]], names: Iterable[str], least: float, most_others: float
) -> dict[str, int]:
    """By amount: how many of these attributes flip as often as wanted, and the others no oftener than they may.

    One that has no vector, as a weights file may hold fewer than there are probes, does not reach it.
    """
    wanted = set(names)
    return {
        amount: sum(
            row["wanted"] >= least and row["others"] <= most_others for name, row in rows.items() if name in wanted
        )
        for amount, rows in flipped.items()
    }
