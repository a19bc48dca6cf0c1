"""Predictors: a person uses what a network learned. One file each, with PaddleGAN's names and signatures."""

from ppgen.apps.photo2cartoon import Photo2CartoonPredictor

__all__ = ["Photo2CartoonPredictor"]
