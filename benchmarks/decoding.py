"""What decoding an image takes, by format: the costs in `ppgen/io/decoding.py`.

    python benchmarks/decoding.py [--side 2000]

Noise and a smooth picture of side x side pixels are saved and decoded by Pillow; processor time in nanoseconds a pixel
(of the smooth one) and a byte (of what the noise takes more), the best of three.
"""

import argparse
import io
import time

import numpy as np
from PIL import Image, ImageFile, ImageFilter

SAVED = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "JPEG, 10 passes": {"quality": 95, "subsampling": 0, "progressive": True},
    "PNG": {"compress_level": 2}, "WEBP": {"quality": 90, "method": 0}, "BMP": {}, "PPM": {}, "GIF": {},
    "TIFF": {"compression": "tiff_lzw"}, "AVIF": {"quality": 80, "speed": 10, "subsampling": "4:4:4"},
    "HEIF": {"quality": 80},
}  # fmt: skip


def decoded(data: bytes) -> float:
    """Seconds of processor time."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        Image.open(io.BytesIO(data)).load()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=2000, help="pixels (default: 2000)")
    side = parser.parse_args().side
    ImageFile.MAXBLOCK = side * side * 4  # Pillow's buffer for JPEG, too small for noise
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:
        del SAVED["HEIF"]
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8))
    pictures = noise.filter(ImageFilter.GaussianBlur(3)), noise
    print(f"{'':<16} {'ns a pixel':>12} {'ns a byte':>12}")
    for name, options in SAVED.items():
        files = []
        for picture in pictures:
            file = io.BytesIO()
            picture.save(file, name.partition(",")[0], **options)
            files.append(file.getvalue())
        smooth, rough = map(decoded, files)
        more = len(files[1]) - len(files[0])
        byte = f"{(rough - smooth) / more * 1e9:12.1f}" if more > 0 else f"{'':>12}"
        print(f"{name:<16} {smooth / side**2 * 1e9:12.1f} {byte}")


if __name__ == "__main__":
    main()
