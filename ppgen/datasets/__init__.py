"""Datasets, transforms, and samplers whose order is a function of (seed, epoch)."""
