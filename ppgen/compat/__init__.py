"""PaddleGAN's vocabulary as tables: what it calls things, and what we call them."""
