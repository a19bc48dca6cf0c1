"""How well the person is found, on faces that the network was not trained on: intersection over union (IoU).

    python benchmarks/segmentation_validation.py [--weights segmentation] [--out output/segmentation.json]

Needs `make data`; nobody's faces and the composites need tools/nobody_portraits.py too, and are left out without.
"portraits": against the dataset's masks. "nobody": 30 of nobody against masks of MediaPipe's that
were looked at and, 4 of them, mended by hand (benchmarks/nobody_masks). "composites": 200 people of both cut out and
put before backgrounds of all kinds;
`no_floating_piece` is the share in which nothing of over 0.3 % of the crop is found beside the person;
`no_wrong_piece`, which has no target, counts pieces of background that hang together with the person too.
For each: "network" alone, and "cleaned", `person_mask` with the face's landmarks, as the predictor uses it.
Exit code 1 where a target is missed.
"""

from collections.abc import Callable
from pathlib import Path

from harness import OUT, Figures, Namespace, Result, argument, benchmark, mean_with_interval

import cv2
import numpy as np
import paddle

from p2c_validation import Case, by_group, read_cases
from ppgen import hub
from ppgen.datasets.files import data_root
from ppgen.datasets.portraits import Portraits
from ppgen.faces.segment import person_mask
from ppgen.io.image import load_image, to_tensor_array, to_uint8
from ppgen.metrics.masks import intersection_over_union

MENDED = Path(__file__).with_name("nobody_masks")
COMPOSITES = 200
PIECE, RIM = 0.003, 3  # of the crop; pixels around the person that count as its edge
Find = Callable[[Case], np.ndarray]


def finds(weights: str) -> dict[str, Find]:
    """Portrait -> mask (256, 256) in [0, 1]: by the network alone, and as the predictor makes it."""
    network = hub.load(weights)

    def alone(case: Case) -> np.ndarray:
        with paddle.no_grad():
            logits = network(paddle.to_tensor(to_tensor_array(case.crop)[None]))
            return paddle.nn.functional.sigmoid(logits)[0, 0].numpy()

    return {"network": alone, "cleaned": lambda case: person_mask(case.crop, case.landmarks, network)}


def mended_cases() -> list[Case]:
    """Those of nobody's portraits that have a mask mended by hand."""
    by_hand = {path.stem: load_image(path)[..., 0] / np.float32(255) for path in sorted(MENDED.glob("*.png"))}
    cases = {case.row["id"]: case for case in read_cases("validation", "nobody_portraits")}
    return [cases[name]._replace(mask=mask) for name, mask in by_hand.items()]


def composites() -> list[Case]:
    """People of both datasets before other backgrounds, the same at every call."""
    cases = []
    for dataroot in ("portraits/train", "nobody_portraits"):
        dataset = Portraits(dataroot, "validation", paired=False, white=False, backdrop=1.0)
        for index in range(COMPOSITES // 2):
            sample, row = dataset.sample(index, np.random.default_rng([200, index])), dataset.rows[index]
            photo = to_uint8(sample["photo"])
            cases.append(Case(row, photo, photo, None, sample["mask"][0], sample["landmarks"]))
    return cases


def pieces_over(wrong: np.ndarray) -> bool:
    """Whether a connected piece of more than PIECE of the crop is there."""
    areas = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    return bool((areas > PIECE * wrong.size).any())


def floats(found: np.ndarray, given: np.ndarray) -> bool:
    """Whether something is found that does not touch the person."""
    pieces = cv2.connectedComponents((found > 0.5).astype(np.uint8))[1]
    return pieces_over((pieces > 0) & ~np.isin(pieces, np.unique(pieces[given > 0.5])))


def juts_out(found: np.ndarray, given: np.ndarray) -> bool:
    """Whether a piece of background is taken for the person, beside it or attached, off its edge."""
    person = cv2.dilate((given > 0.1).astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8))
    return pieces_over((found > 0.5) & (person == 0))


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
        "no_floating_piece": float(1 - np.mean([floats(*pair) for pair in zip(masks, given)])),
        "no_wrong_piece": float(1 - np.mean([juts_out(*pair) for pair in zip(masks, given)])),
        "groups": by_group(cases, lambda who: {"iou": float(each[who].mean())}),
    }


@benchmark(__doc__, argument("--weights", default="segmentation", help="shipped network or weights file"), OUT)
def main(options: Namespace) -> Result:
    kinds = {"portraits": read_cases("validation")}
    if data_root("nobody_portraits").is_dir():
        kinds |= {"nobody": mended_cases(), "composites": composites()}
    ways = finds(options.weights)
    figures = {kind: {way: measure(cases, find) for way, find in ways.items()} for kind, cases in kinds.items()}
    reach = {"portraits": 0.975, "nobody": 0.96, "composites": 0.96}
    reached = all(found["cleaned"]["iou"] >= reach[kind] for kind, found in figures.items())
    if "composites" in figures:
        reached &= figures["composites"]["cleaned"]["no_floating_piece"] >= 0.98
    return Result({"weights": options.weights, **figures}, reached)
