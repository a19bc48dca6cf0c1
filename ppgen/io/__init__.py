"""Reading and writing: images, weights, and files that are either whole or absent."""
