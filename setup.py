"""What pyproject.toml cannot say: the configs, which lie beside the package in a clone, are installed in it; and the
README as a package index shows it, where no file lies beside it.
"""

import os
import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

URL = os.environ.get("PPGEN_URL", "").rstrip("/")  # where the files of this repository can be read, if known


def readme(text: str, url: str) -> str:
    """Links and pictures of the repository with absolute addresses; without one, pictures go and links are words."""
    relative = r"\(((?!https?:|#|mailto:)[^)\s]+)\)"
    if url:
        return re.sub(r"\]" + relative, lambda found: f"]({url}/{found[1]})", text)
    text = re.sub(r"!\[[^\]]*\]" + relative + r"\n?", "", text)
    return re.sub(r"\[([^\]]*)\]" + relative, r"\1", text)


if __name__ == "__main__":
    setup(
        packages=[*find_namespace_packages(include=["ppgen", "ppgen.*"]), "ppgen.configs"],
        package_dir={"ppgen.configs": "configs"},
        long_description=readme(Path(__file__).with_name("README.md").read_text(encoding="utf-8"), URL),
        long_description_content_type="text/markdown",
    )
