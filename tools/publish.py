"""Ship a run's best weights: python tools/publish.py RUN NAME -c configs/CONFIG.yaml."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the clone's own ppgen comes first

from ppgen.cli import guarded, split_debug  # noqa: E402


def main() -> int:
    """Hand the arguments on; errors become one line."""
    from ppgen.engine import publish

    argv, debug = split_debug(sys.argv[1:])
    return guarded(lambda: publish.main(argv), debug)


if __name__ == "__main__":
    sys.exit(main())
