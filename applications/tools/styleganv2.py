"""Draw faces with StyleGAN2: python applications/tools/styleganv2.py --seed 233 [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli.scripts.styleganv2 import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
