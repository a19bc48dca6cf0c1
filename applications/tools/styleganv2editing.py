"""Move a StyleGAN2 latent: styleganv2editing.py --latent a.npy --direction_name Young [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli.scripts.styleganv2editing import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
