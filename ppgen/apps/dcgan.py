"""`python -m ppgen.apps.dcgan` is PaddleGAN's `applications/tools/dcgan.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.dcgan
    import runpy

    runpy.run_module("ppgen.cli.scripts.dcgan", run_name="__main__")
