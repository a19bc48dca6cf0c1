"""Edit a face through the VAE's latent space: python applications/tools/vae.py --smile 1.5 photo.jpg [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the clone's own ppgen comes first

from ppgen.cli.scripts.vae import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
