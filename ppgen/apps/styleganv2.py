"""`python -m ppgen.apps.styleganv2` is PaddleGAN's `applications/tools/styleganv2.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.styleganv2
    import runpy

    runpy.run_module("ppgen.cli.scripts.styleganv2", run_name="__main__")
