"""The artist: draws a cartoon of a portrait by classical vision, from photo, 68 landmarks and mask.

The photo is split into skin, hair and clothes by colour and place (`regions`), every part is painted in a few
flat tones (`skin`, `hair`, `beard`, `clothes`), borders and features are inked (`compose`, `eyes`, `mouth`,
`glasses`). The skin's own colour is told by a linear rule that was fitted to photos (`ppgen.faces.daylight`); all else
follows from the photo. No randomness.
"""

from ppgen.prepare.artist.ask import drawn_skin, exposure_of, hair_region
from ppgen.prepare.artist.compose import draw_cartoon

__all__ = ["draw_cartoon", "drawn_skin", "exposure_of", "hair_region"]
