"""Blend two StyleGAN2 latents: styleganv2mixing.py --latent1 a.npy --latent2 b.npy [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli.scripts.styleganv2mixing import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
