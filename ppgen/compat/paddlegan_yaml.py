"""PaddleGAN's YAML -> our config."""

from __future__ import annotations

from typing import Any


def is_paddlegan(config: dict[str, Any]) -> bool:
    """Placeholder until this module's owner has written it."""
    return False


def translate(config: dict[str, Any]) -> dict[str, Any]:
    """Placeholder."""
    return config
