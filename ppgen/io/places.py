"""Which datasets lie beside the project where there is a shared folder. Imports nothing: `make data` needs it."""

# What `make data` links into the data folder: name there -> folder below the shared one
LINKED = {"portraits": "portraits", "faces128": "faces128", "hard": "hard", "nobody": "nobody/train"}
