"""The loop that runs a recipe: phases, checkpoints, logs."""
