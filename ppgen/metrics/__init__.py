"""Scores, one file each."""

from ppgen.metrics import (  # noqa: F401  (registers them)
    cartoon,
    fid,
    generative,
    identity,
    inception_score,
    kid,
    label_accuracy,
    masks,
    ms_ssim,
    pr,
    reconstruction,
    swd,
)
