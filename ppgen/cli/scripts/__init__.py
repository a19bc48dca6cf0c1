"""PaddleGAN's scripts of applications/tools: `python -m ppgen.apps.NAME` where there is no clone."""
