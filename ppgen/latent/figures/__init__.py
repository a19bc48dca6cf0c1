"""Figures that explain StyleGAN and StyleGAN2, one a file.

Every figure takes a generator of either kind (or several) and returns a sheet, uint8 (H, W, 3).
"""
