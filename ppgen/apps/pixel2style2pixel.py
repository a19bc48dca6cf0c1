"""`python -m ppgen.apps.pixel2style2pixel` is PaddleGAN's `applications/tools/pixel2style2pixel.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.pixel2style2pixel
    import runpy

    runpy.run_module("ppgen.cli.scripts.pixel2style2pixel", run_name="__main__")
