"""`python -m ppgen.apps.styleganv2editing` is PaddleGAN's `applications/tools/styleganv2editing.py`."""

if __name__ == "__main__":  # PaddleGAN's script, where there is no clone: python -m ppgen.apps.styleganv2editing
    import runpy

    runpy.run_module("ppgen.cli.scripts.styleganv2editing", run_name="__main__")
