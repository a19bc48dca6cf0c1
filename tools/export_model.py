"""PaddleGAN's way to export: python tools/export_model.py -c CONFIG --load WEIGHTS --output_dir DIR [--help].

The network is that of the config; `ppgen export` needs no config and writes ONNX as well.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.cli import guarded  # noqa: E402


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Export the generator of a training as a Paddle program.")
    parser.add_argument("-c", "--config-file", required=True, metavar="FILE", help="the training's config")
    parser.add_argument("--load", required=True, metavar="FILE", help="its weights: .pdparams, .safetensors or a run")
    parser.add_argument("-o", "--opt", nargs="+", default=[], metavar="KEY=VALUE", help="change the config")
    parser.add_argument("-s", "--inputs_size", help='accepted; "1,3,256,256" only says the batch here (-1: any length)')
    parser.add_argument("--output_dir", default="inference_model", help="default: inference_model")
    parser.add_argument("--key", help="the generator's name in a file of several networks, such as netG")
    parser.add_argument("--format", choices=("paddle", "onnx"), default="paddle", help="default: paddle")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Export, and say what was written."""
    from ppgen.engine.schema import load_config
    from ppgen.export import export

    generator = load_config(args.config_file, args.opt, need_data=False).model.get("generator")
    any_batch = (args.inputs_size or "").lstrip().startswith("-1")
    for path in export(args.load, args.output_dir, args.format, any_batch, generator, args.key).files:
        print(path)
    return 0


if __name__ == "__main__":
    options = parse()
    sys.exit(guarded(lambda: run(options), options.debug))
