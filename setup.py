"""What pyproject.toml cannot say: the configs, which lie beside the package in a clone, are installed in it."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["ppgen", "ppgen.*"]), "ppgen.configs"],
    package_dir={"ppgen.configs": "configs"},
)
