"""Which datasets have a place in the data folder, and the commands that put something there. Imports nothing:
`make data` needs it.
"""

# What `make data` links into the data folder: name there -> folder below the shared one
LINKED = {"portraits": "portraits", "faces128": "faces128", "hard": "hard", "nobody": "nobody/train"}
# What `ppgen data starter` makes: faces, in the layouts that the configs name
STARTED = ("celeba", "drawn", "faces128", "ffhq", "nobody", "nobody_portraits", "photo2cartoon", "portraits")
MARK = "STARTER"  #: the file in a folder that `ppgen data starter` made
STARTER = "`ppgen data starter` makes one to begin with"


def start(name: str) -> str:
    """How to get something into the folder `name` in a minute, for the beginning of an advice; "" for others."""
    return f"{STARTER}; " if name in STARTED else ""
