"""Scores, one file each."""
