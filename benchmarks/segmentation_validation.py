"""How well the person is found: intersection over union on portraits the network was not trained on.

    python benchmarks/segmentation_validation.py [--weights segmentation] [--out output/segmentation.json]

Needs `make data`. "network" is the network alone; "cleaned" is what the predictor uses, `person_mask` with
the face's landmarks, measured for the shipped network only. Exit code 1 where the network's mean is below 0.97.
"""

from collections.abc import Callable

from harness import OUT, Figures, Namespace, Result, argument, benchmark, mean_with_interval

import numpy as np
import paddle

from p2c_validation import Case, by_group, read_cases
from ppgen import hub
from ppgen.faces.segment import person_mask
from ppgen.io.image import to_tensor_array
from ppgen.metrics.masks import intersection_over_union

REACH = 0.97
Find = Callable[[Case], np.ndarray]


def network_find(weights: str) -> Find:
    """Portrait -> mask (256, 256) in [0, 1] by the network alone."""
    network = hub.load(weights)

    def find(case: Case) -> np.ndarray:
        with paddle.no_grad():
            logits = network(paddle.to_tensor(to_tensor_array(case.crop)[None]))
            return paddle.nn.functional.sigmoid(logits)[0, 0].numpy()

    return find


def cleaned_find(case: Case) -> np.ndarray:
    """Portrait -> mask (256, 256) in [0, 1] as the predictor makes it."""
    return person_mask(case.crop, case.landmarks)


def measure(cases: list[Case], find: Find) -> Figures:
    """IoU at threshold 0.5: mean over portraits, over all pixels together, the lowest, and per group."""
    masks, given = np.stack([find(case) for case in cases]), np.stack([case.mask for case in cases])
    each = intersection_over_union(masks, given)
    return {
        "n": len(cases),
        **mean_with_interval("iou", each),
        "iou_pooled": float(intersection_over_union(masks.reshape(1, -1), given.reshape(1, -1))[0]),
        "iou_worst": float(each.min()),
        "worst": cases[int(each.argmin())].row["id"],
        "groups": by_group(cases, lambda who: {"iou": float(each[who].mean())}),
    }


@benchmark(__doc__, argument("--weights", default="segmentation", help="shipped network or weights file"), OUT)
def main(options: Namespace) -> Result:
    cases = read_cases("validation")
    figures = {"network": measure(cases, network_find(options.weights))}
    if options.weights == "segmentation":
        figures["cleaned"] = measure(cases, cleaned_find)
    reached = figures["network"]["iou"] >= REACH
    return Result({"weights": options.weights, **figures}, reached)
