"""Find the StyleGAN2 latent of a photo: styleganv2fitting.py --input_image me.jpg [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli.scripts.styleganv2fitting import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
