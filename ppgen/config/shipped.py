"""The configs that come with ppgen: beside the package in a clone, in it where it was installed."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Where they lie."""
    inside = PACKAGE / "configs"  # setup.py puts them there
    return inside if inside.is_dir() else PACKAGE.parent / "configs"


def in_clone() -> bool:
    """Whether this is a clone, with its tools/, and not an installed package."""
    return folder().parent != PACKAGE


def names() -> list[str]:
    """Such as 'dcgan_mnist'."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(path: Path) -> Path:
    """The file itself; or, where there is none, the shipped config of this name, with or without configs/ and .yaml."""
    if not path.is_file() and path.parent in (Path(), Path("configs")):
        name = path.name.removesuffix(".yaml")
        return folder() / f"{name}.yaml" if name in names() else path
    return path


def how_to_link() -> str:
    """The command that links datasets which lie beside the project."""
    return "make data" if in_clone() else "ppgen data link"


def where_layouts_are() -> str:
    """What an advice about data ends with; "" where the file did not come along."""
    return " (data/README.md says how a dataset is laid out)" if in_clone() else ""


def trainer() -> str:
    """The command that trains: `tools/main.py` in a clone."""
    return "python tools/main.py" if in_clone() else "ppgen train"


def how_to_train(name: str) -> str:
    """The command that trains a shipped config."""
    return f"{trainer()} -c configs/{name}.yaml" if in_clone() else f"{trainer()} -c {name}"
