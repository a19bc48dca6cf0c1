"""Registering, building, recorded arguments, and messages with the nearest name."""

import json
import sys

import pytest

from ppgen.errors import ConfigError, PPGenError
from ppgen.registry import NamedParts, Registry, nearest


@pytest.fixture
def networks() -> Registry:
    registry = Registry("network")

    @registry.register()
    class Small:
        def __init__(self, width, depth=2, *, bias=True):
            self.width, self.depth, self.bias = width, depth, bias

    @registry.register("Wide")
    class Large(Small):
        def __init__(self, width=64):
            super().__init__(width * 2, depth=3)

    return registry


def test_builds_by_name(networks):
    net = networks.build({"name": "Small", "width": 8}, bias=False)
    assert (net.width, net.depth, net.bias) == (8, 2, False)
    assert networks.names() == ["Small", "Wide"]


def test_build_leaves_the_config_as_it_was(networks):
    config = {"name": "Small", "width": 8}
    networks.build(config)
    assert config == {"name": "Small", "width": 8}


def test_records_all_arguments_with_defaults(networks):
    net = networks.get("Small")(8)
    assert json.loads(json.dumps(net.constructor_args)) == {"width": 8, "depth": 2, "bias": True}


def test_load_of_save_is_identity(networks):
    first = networks.get("Small")(8, 5, bias=False)
    second = networks.build({"name": "Small", **first.constructor_args})
    assert vars(second) == vars(first)


def test_a_subclass_records_its_own_arguments(networks):
    net = networks.get("Wide")()
    assert net.constructor_args == {"width": 64}
    assert (net.width, net.depth) == (128, 3)


def test_unknown_name_gets_the_nearest(networks):
    with pytest.raises(ConfigError, match=r"'Smal', did you mean 'Small'\?.*Small, Wide"):
        networks.get("Smal")


def test_missing_name_lists_what_there_is(networks):
    with pytest.raises(ConfigError, match="needs a 'name'.*Small, Wide"):
        networks.build({"width": 8})


def test_registering_twice_is_an_error(networks):
    with pytest.raises(ConfigError, match="registered twice"):
        networks.register("Wide")(type("Other", (), {"__init__": lambda self: None}))


def test_nearest_says_nothing_when_nothing_is_near():
    assert nearest("zzz", ["Small", "Wide"]) == ""


def test_errors_have_one_base():
    from ppgen import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, BaseException)]
    assert len(classes) >= 8
    assert all(issubclass(c, PPGenError) for c in classes)


def test_a_part_is_registered_by_lying_in_the_package(tmp_path, monkeypatch):
    """And no module is imported before the first question."""
    package = tmp_path / "parts_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("from parts_of_a_test.kinds import KIND\nNAMES = KIND.names()\n")
    (package / "kinds.py").write_text(
        "from ppgen.registry import NamedParts\nKIND = NamedParts('part', 'parts_of_a_test')\n"
    )
    (package / "one.py").write_text("from parts_of_a_test.kinds import KIND\nKIND.add('one', 1)\n")
    (package / "two.py").write_text("from parts_of_a_test.kinds import KIND\nKIND.add('two', 2)\n")
    monkeypatch.syspath_prepend(tmp_path)
    lazy = NamedParts("part", "parts_of_a_test")
    assert "parts_of_a_test" not in sys.modules
    assert lazy.names() == []  # what they register goes to the package's own KIND
    assert sys.modules["parts_of_a_test"].NAMES == ["one", "two"]
    (package / "three.py").write_text("from parts_of_a_test.kinds import KIND\nKIND.add('three', 3)\n")
    assert sys.modules["parts_of_a_test"].KIND.names() == ["one", "two"]  # looked for once


def test_a_package_that_asks_while_it_is_imported_is_whole_for_the_first_who_asked(run_python):
    code = "from ppgen.registry import NETWORKS; print(NETWORKS.get('ConvVAE').__module__)"
    done = run_python("-c", code)
    assert done.stdout.strip() == "ppgen.networks.vae", done.stderr
