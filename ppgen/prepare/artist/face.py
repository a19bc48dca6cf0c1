"""The face as the artist measures it."""

from ppgen.faces.proportions import Proportions
from ppgen.prepare.artist.canvas import scale


class Face(Proportions):
    """A measured face, and the pens that suit its size."""

    @property
    def unit(self) -> float:
        """What widths of pens on the sheet are multiplied by: 1 for a face of the usual size on a sheet of 768."""
        return self.height * scale() / 330
