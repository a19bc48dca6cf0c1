"""Read, override and validate a YAML that names parts; nothing is built here."""

from ppgen.config.read import Settings, apply_overrides, read_yaml
from ppgen.config.validate import check_call

__all__ = ["Settings", "apply_overrides", "check_call", "read_yaml"]
