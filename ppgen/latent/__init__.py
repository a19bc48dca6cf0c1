"""Tools over a trained latent space."""
