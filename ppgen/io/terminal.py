"""The one way to the terminal: what is printed may name files, and a name may hold anything."""

import sys

from ppgen.errors import visible


def say(*lines: object, aside: bool = False) -> None:
    """Print lines on stdout, `aside` on stderr; each is one line, whatever is in it."""
    for line in lines:
        print(visible(line), file=sys.stderr if aside else sys.stdout, flush=True)


def show(text: object, aside: bool = False) -> None:
    """Print a text of several lines: an error's, or one that `in_lines` made of what names anything."""
    say(*str(text).split("\n"), aside=aside)
