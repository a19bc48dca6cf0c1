"""Write the README's picture: the astronaut's crop and her cartoon, side by side.

python benchmarks/readme_pictures.py [--weights W] [--output docs/images]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def side_by_side(weights: str | None = None):
    """The aligned crop and its cartoon, uint8 (256, 512, 3)."""
    import numpy as np
    from skimage import data

    from ppgen.apps import Photo2CartoonPredictor

    with tempfile.TemporaryDirectory() as folder:
        result = Photo2CartoonPredictor(folder, weights).run(data.astronaut(), full=True)
    return np.hstack([result.crop, result.cartoon])


def main() -> int:
    """Draw and write `astronaut.png`."""
    from ppgen.io.image import save_image

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a weights file instead of the shipped one")
    parser.add_argument("--output", default=ROOT / "docs" / "images", type=Path, help="folder of the picture")
    args = parser.parse_args()
    print(save_image(args.output / "astronaut.png", side_by_side(args.weights)))
    return 0


if __name__ == "__main__":
    from ppgen.cli import guarded

    sys.exit(guarded(main))
