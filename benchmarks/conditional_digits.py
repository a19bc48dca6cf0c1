"""Does a conditional generator draw the digit it is asked for? Judged by a classifier trained on real digits alone.

    python benchmarks/conditional_digits.py WEIGHTS [-n 2000] [--sheet docs/images/digits.png] [--json FILE]

WEIGHTS: a weights file or shipped name, such as best.safetensors of configs/cond_dcgan_mnist.yaml. The classifier is a
support vector machine with Gaussian kernel (scikit-learn: pip install scikit-learn), fitted to the training
split of the digits that ppgen trains on here: MNIST where it is, else scikit-learn's. Its accuracy on held-back real
digits stands beside. The sheet has a row a digit. Exit code 1 below 0.95.
"""

from typing import Any

from harness import JSON, SEED, Figures, Namespace, Result, argument, benchmark, new_file, scikit_learn

import numpy as np

from ppgen import hub
from ppgen.datasets.mnist import MNIST
from ppgen.errors import ConfigError
from ppgen.io.image import save_image
from ppgen.latent.render import draw, generator_of
from ppgen.latent.seeds import latents
from ppgen.latent.sheet import sheet
from ppgen.metrics.bootstrap import interval

REACH, MOST, COLUMNS = 0.95, 6000, 10


def digits(split: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Real digits, grey in [0, 1] (n, size * size), and labels."""
    dataset = MNIST(split=split, size=size, fallback="digits", most=MOST)
    samples = [dataset.sample(i) for i in range(len(dataset))]
    pictures = np.stack([sample["image"].ravel() for sample in samples])
    return (pictures + 1) / 2, np.array([int(sample["label"]) for sample in samples])


def classifier(pictures: np.ndarray, labels: np.ndarray) -> Any:
    """Fitted; its `predict` takes pictures as rows."""
    return scikit_learn().svm.SVC(C=10.0, gamma="scale").fit(pictures, labels)


def measure(pictures: np.ndarray, wanted: np.ndarray, judge: Any) -> Figures:
    """Share of drawings uint8 (n, S, S, 3) taken for the digit wanted, for each and for all."""
    right = judge.predict(pictures[..., 0].reshape(len(pictures), -1) / 255.0) == wanted
    each = {str(digit): float(right[wanted == digit].mean()) for digit in np.unique(wanted)}
    return {"accuracy": float(right.mean()), "interval": interval(right), "drawings": len(right), "by_digit": each}


@benchmark(
    __doc__,
    argument("weights", metavar="WEIGHTS"),
    argument("-n", type=int, default=2000, help="drawings (default: 2000)"),
    SEED,
    argument("--sheet", type=new_file(), metavar="FILE", help="write a picture, a row a digit"),
    JSON,
)
def main(options: Namespace) -> Result:
    network = hub.load(options.weights)
    if getattr(network, "classes", None) != 10:
        raise ConfigError(f"{options.weights}: does not draw ten digits on demand")
    z, wanted = latents(options.seed, options.n, network.latent_dim), np.arange(options.n) % 10
    drawn = draw(generator_of(network, options.weights), z, wanted)
    judge = classifier(*digits("train", network.image_size))
    real, labels = digits("test", network.image_size)
    figures = measure(drawn, wanted, judge)
    figures |= {"accuracy_of_real": float(judge.score(real, labels)), "real": len(real), "seed": options.seed}
    if options.sheet:
        shown = np.concatenate([drawn[wanted == digit][:COLUMNS] for digit in range(10)])
        save_image(options.sheet, sheet(shown, columns=COLUMNS))
    return Result(figures, reached=figures["accuracy"] >= REACH)
