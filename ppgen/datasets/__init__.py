"""Datasets, transforms, and samplers whose order is a function of (seed, epoch)."""

from ppgen.datasets import (  # noqa: F401  (registers them)
    celeba,
    digits,
    image_folder,
    mnist,
    paired_images,
    pipeline,
    portrait_cartoons,
    portraits,
    transforms,
    unpaired_images,
)
