"""`python -m ppgen.apps.styleganv2mixing` is PaddleGAN's `applications/tools/styleganv2mixing.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.styleganv2mixing
    import runpy

    runpy.run_module("ppgen.cli.scripts.styleganv2mixing", run_name="__main__")
