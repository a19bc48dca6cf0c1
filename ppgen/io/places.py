"""Which datasets have a place in the data folder, and the commands that put something there. Imports nothing:
`make data` needs it.
"""

# What `make data` links into the data folder: name there -> folder below the shared one
LINKED = {"portraits": "portraits", "faces128": "faces128", "hard": "hard", "nobody": "nobody/train"}
# What `ppgen data starter` makes: faces, in the layouts that the configs name
STARTED = (
    "celeba", "drawn", "faces128", "ffhq", "nobody", "nobody_faces", "nobody_portraits", "photo2cartoon", "portraits",
)  # fmt: skip
MARK = "STARTER"  #: the file in a folder that `ppgen data starter` made
STARTER = "`ppgen data starter` makes one to begin with"
# What `ppgen data download` fetches: pictures of other things than faces, by PaddleGAN's names
FETCHED = (
    "ae_photos", "apple2orange", "cezanne2photo", "cityscapes", "edges2handbags", "edges2shoes", "facades",
    "horse2zebra", "iphone2dslr_flower", "maps", "monet2photo", "night2day", "summer2winter_yosemite", "ukiyoe2photo",
    "vangogh2photo",
)  # fmt: skip


def start(name: str) -> str:
    """A command that puts something into the folder `name`, for the beginning of an advice; "" where none does."""
    if name in FETCHED:
        return f"`ppgen data download {name}` fetches it; "
    return f"{STARTER}; " if name in STARTED else ""
