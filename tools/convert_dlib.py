"""Convert dlib's face recognition network into the FaceID that ppgen ships.

python tools/convert_dlib.py [--source FILE.dat] [--target FILE.safetensors]
"""

import argparse
import sys

from ppgen.errors import PPGenError
from ppgen.hub.face_id import publish_face_id


def main() -> int:
    parser = argparse.ArgumentParser(description="dlib's face descriptor -> the FaceID that ppgen ships")
    parser.add_argument("--source", help="the .dat file (default: that of face_recognition_models)")
    parser.add_argument("--target", help="the weights file to write (default: the shipped one)")
    options = parser.parse_args()
    try:
        path = publish_face_id(options.source, options.target)
    except PPGenError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
