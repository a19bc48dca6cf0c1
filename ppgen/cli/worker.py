"""What Paddle's launcher starts in every process: the same command line as the parent's."""

import sys

from ppgen.cli.launch import main
from ppgen.errors import PPGenError

if __name__ == "__main__":
    try:
        sys.exit(main())
    except PPGenError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
