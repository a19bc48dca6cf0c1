"""Which datasets lie beside the project where there is a shared folder. Imports nothing: `make data` needs it."""

LINKED = ("portraits", "faces128", "hard")  # what `make data` links into the data folder
