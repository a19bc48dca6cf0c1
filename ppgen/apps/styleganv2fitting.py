"""`python -m ppgen.apps.styleganv2fitting` is PaddleGAN's `applications/tools/styleganv2fitting.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.styleganv2fitting
    import runpy

    runpy.run_module("ppgen.cli.scripts.styleganv2fitting", run_name="__main__")
