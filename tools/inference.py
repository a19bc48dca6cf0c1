"""PaddleGAN's way to run what was exported: python tools/inference.py --model_path DIR --model_type TYPE [-c CONFIG] …

DIR is what `tools/export_model.py` or `ppgen export` wrote. Pictures are redrawn by pix2pix and cyclegan: those named
at the end, or with -c those that the config's test data say (its validation data, in ppgen's words). stylegan2 draws
from a seed. PaddleGAN's flags for TensorRT are no part of this: graphs run on the CPU here.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.cli import guarded  # noqa: E402

TYPES = ("pix2pix", "cyclegan", "ugatit", "photo2cartoon", "stylegan2")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run an exported network on pictures, or on a seed.")
    parser.add_argument("inputs", nargs="*", metavar="PICTURE", help="cropped pictures; of stylegan2 none")
    parser.add_argument("--model_path", required=True, metavar="DIR", help="the exported folder")
    parser.add_argument("--model_type", required=True, choices=TYPES)
    parser.add_argument("-c", "--config-file", metavar="FILE", help="the training's config, whose test data are drawn")
    parser.add_argument("-o", "--opt", nargs="+", default=[], metavar="KEY=VALUE", help="change the config")
    parser.add_argument("--output_path", default="infer_output", help="default: infer_output")
    parser.add_argument("--seed", type=int, default=0, help="of stylegan2 (default: 0)")
    parser.add_argument("--device", default="cpu", choices=("cpu",), help="exported graphs run on the CPU here")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


def test_pictures(config_file: str, overrides: list[str], folder: Path) -> Iterator[str]:
    """The pictures that the config's validation data translate from, as files; ConfigError where it has none."""
    from ppgen.engine.schema import load_config
    from ppgen.errors import ConfigError
    from ppgen.io.image import save_image, to_uint8
    from ppgen.registry import DATASETS

    described = load_config(config_file, overrides).dataset.get("validation")
    if described is None:
        raise ConfigError(f"{config_file}: has no test or validation data; name pictures instead of -c")
    dataset = DATASETS.build(described)
    for index in range(len(dataset)):
        sample = dataset.sample(index)
        if "a" not in sample:
            raise ConfigError(f"{config_file}: its data are no pictures to be redrawn; name pictures instead of -c")
        yield str(save_image(folder / f"{index}.png", to_uint8(sample["a"])))


def run(args: argparse.Namespace) -> int:
    """Hand each input to the script beside the graphs, and say what was written."""
    from ppgen.errors import ConfigError
    from ppgen.io.image import load_image

    script = Path(args.model_path) / "run_exported.py"
    if not script.is_file():
        raise ConfigError(f"{args.model_path}: holds no run_exported.py; export a network there with `ppgen export`")
    folder = Path(args.output_path) / args.model_type
    with tempfile.TemporaryDirectory() as temporary:
        inputs = [str(args.seed)] if args.model_type == "stylegan2" else args.inputs
        if args.model_type != "stylegan2" and args.config_file:
            inputs = [*inputs, *test_pictures(args.config_file, args.opt, Path(temporary))]
        if not inputs:
            raise ConfigError(f"--model_type {args.model_type}: give at least one picture, or -c CONFIG")
        folder.mkdir(parents=True, exist_ok=True)
        for index, source in enumerate(inputs):
            if args.model_type != "stylegan2":
                load_image(source)  # what cannot be read is said in one line
            target = folder / f"{index}.png"
            if subprocess.run([sys.executable, str(script), source, str(target)], check=False).returncode:
                raise ConfigError(f"{script}: could not run {source}; see above")
            print(target)
    return 0


if __name__ == "__main__":
    options = parse()
    sys.exit(guarded(lambda: run(options), options.debug))
