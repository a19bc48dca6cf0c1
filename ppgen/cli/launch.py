"""The command line of trainings: `tools/main.py`, `ppgen train`, and each process of several."""

import argparse
import sys


class _Parser(argparse.ArgumentParser):
    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """A run that goes on knows its config."""
        options, rest = super().parse_known_args(args, namespace)
        if options.config_file is None and options.resume in (None, "newest"):
            self.error("the following arguments are required: -c/--config-file (or --resume DIR)")
        return options, rest


def parser(command: str = "ppgen train") -> argparse.ArgumentParser:
    """The options of `tools/main.py` and `ppgen train`; PaddleGAN's are among them. command: which of the two it is."""
    result = _Parser(prog=command, description="Train or evaluate what a YAML names.")
    add = result.add_argument
    config_help = "the YAML, ours or PaddleGAN's; or a run's config.yaml (default: that of --resume DIR)"
    add("-c", "--config-file", help=config_help)
    add("-o", "--opt", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override a key")
    resume_help = "go on, with the -o of before, from the newest run of this config, or from DIR: a run or checkpoint"
    add("--resume", nargs="?", const="newest", metavar="DIR", help=resume_help)
    load_help = "start from weights files or shipped weights, or from a run or checkpoint folder (all networks)"
    add("--load", nargs="+", metavar="W", help=load_help)
    add("--evaluate-only", action="store_true", help="print the validation scores and stop")
    dry_help = "build everything, print sizes, try a step, the sample grid and a validation, say how long all takes"
    add("--dry-run", action="store_true", help=dry_help)
    add("--nproc", default="1", help="training processes, or auto: one a core, if the batch can be shared")
    add("--seed", type=int, help="takes the place of the YAML's")
    add("--val-interval", type=int, metavar="N", help="steps between validations")
    add("--amp", action="store_true", help="half precision, where the device has it")
    add("--amp_level", "--amp-level", choices=["O1", "O2"], default="O1", help="O2 keeps the networks in it too")
    add("-p", "--profiler_options", "--profiler-options", metavar="TEXT", help="as 'batch_range=[10,20];state=CPU'")
    add("--no-cuda", action="store_true", help="stay on the CPU")
    add("--debug", action="store_true", help="show tracebacks")
    return result


def main(argv: list[str] | None = None, command: str = "ppgen train") -> int:
    """Run the command line, which `command` started; errors of ppgen propagate to the caller, which prints them."""
    argv = sys.argv[1:] if argv is None else argv
    options = parser(command).parse_args(argv)
    options.argv = argv
    from ppgen.cli.start import start  # what it needs takes seconds to import; --help does not wait for it

    return start(options)
