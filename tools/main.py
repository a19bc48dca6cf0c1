"""Train or evaluate from a YAML file: python tools/main.py --config-file configs/NAME.yaml [--help]."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.cli import guarded, split_debug  # noqa: E402


def main() -> int:
    """Hand everything but --debug to the launcher, which owns the options."""
    from ppgen.cli import launch

    argv, debug = split_debug(sys.argv[1:])
    return guarded(lambda: launch.main(argv, "tools/main.py"), debug)


if __name__ == "__main__":
    sys.exit(main())
