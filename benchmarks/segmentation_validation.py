"""How well the person is found: intersection over union on portraits the network was not trained on.

    python benchmarks/segmentation_validation.py [--weights segmentation] [--out docs/segmentation.json]

Needs `make data`. "network" is the network alone; "cleaned" is what the predictor uses, `person_mask` with
the face's landmarks, measured for the shipped network only. Exit code 1 where the network's mean is below 0.97.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from p2c_validation import GROUPS, Case, groups_of, read_cases

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.errors import PPGenError  # noqa: E402
from ppgen.io.atomic import write_json  # noqa: E402
from ppgen.io.image import to_tensor_array  # noqa: E402
from ppgen.metrics.bootstrap import interval  # noqa: E402
from ppgen.metrics.masks import intersection_over_union  # noqa: E402

REACH = 0.97
Find = Callable[[Case], np.ndarray]


def network_find(weights: str) -> Find:
    """Portrait -> mask (256, 256) in [0, 1] by the network alone."""
    import paddle

    from ppgen import hub
    network = hub.load(weights)

    def find(case: Case) -> np.ndarray:
        with paddle.no_grad():
            logits = network(paddle.to_tensor(to_tensor_array(case.crop)[None]))
            return paddle.nn.functional.sigmoid(logits)[0, 0].numpy()

    return find


def cleaned_find(case: Case) -> np.ndarray:
    """Portrait -> mask (256, 256) in [0, 1] as the predictor makes it."""
    from ppgen.faces.segment import person_mask

    return person_mask(case.crop, case.landmarks)


def measure(cases: list[Case], find: Find) -> dict[str, Any]:
    """IoU at threshold 0.5: mean over portraits, over all pixels together, the lowest, and per group."""
    found, given = np.stack([find(case) for case in cases]), np.stack([case.mask for case in cases])
    each = intersection_over_union(found, given)
    groups = {}
    for group in GROUPS:
        members = np.array([group in groups_of(case.row) for case in cases])
        if members.any():
            groups[group] = {"n": int(members.sum()), "iou": float(each[members].mean())}
    return {
        "n": len(cases),
        "iou": float(each.mean()),
        "iou_interval": interval(each),
        "iou_pooled": float(intersection_over_union(found.reshape(1, -1), given.reshape(1, -1))[0]),
        "iou_worst": float(each.min()),
        "worst": cases[int(each.argmin())].row["id"],
        "groups": groups,
    }


def report(figures: dict[str, dict[str, Any]]) -> str:
    """One line for each way of finding, then a line a group."""
    lines = []
    for name, row in figures.items():
        low, high = row["iou_interval"]
        lines.append(
            f"{name:8} IoU {row['iou']:.4f} ({low:.4f} .. {high:.4f}), pooled {row['iou_pooled']:.4f}, "
            f"lowest {row['iou_worst']:.4f} ({row['worst']}), {row['n']} portraits"
        )
    first = next(iter(figures.values()))
    for group, row in first["groups"].items():
        values = "  ".join(f"{name} {found['groups'][group]['iou']:.4f}" for name, found in figures.items())
        lines.append(f"  {group:12} {row['n']:4}  {values}")
    return "\n".join(lines)


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--weights", default="segmentation", help="shipped network or weights file")
    parser.add_argument("--out", help="also write the figures to this JSON file")
    options = parser.parse_args()
    try:
        cases = read_cases("validation")
        figures = {"network": measure(cases, network_find(options.weights))}
        if options.weights == "segmentation":
            figures["cleaned"] = measure(cases, cleaned_find)
        if options.out:
            write_json(options.out, {"weights": options.weights, **figures})
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(report(figures))
    return 0 if figures["network"]["iou"] >= REACH else 1


if __name__ == "__main__":
    sys.exit(main())
