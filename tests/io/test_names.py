"""File names, and files that name a checkpoint."""

import os

import pytest

from ppgen.io.names import number_of, read_pointer, short_name


def test_a_name_is_cut_at_bytes_and_never_inside_a_letter():
    assert short_name("me.png", 10) == "me.png" and short_name("x" * 30, 10) == "x" * 10
    assert short_name("脸" * 9, 10) == "脸" * 3


def test_a_name_that_is_no_utf8_has_a_number_too():
    assert number_of(os.fsdecode(b"\xff.png")) != number_of(os.fsdecode(b"\xfe.png"))
    assert number_of("a.png") == number_of("a.png")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"step_00000012\n", "step_00000012"),
        (b"step_../../x", None),
        (b"/etc", None),
        (b"\xff\xfe", None),
        (b"", None),
        (b"step_1" + b"1" * 10**6, None),
    ],
)
def test_a_pointer_names_a_checkpoint_or_nothing(tmp_path, content, word):
    (tmp_path / "latest").write_bytes(content)
    assert read_pointer(tmp_path / "latest") == word
    assert read_pointer(tmp_path / "missing") is read_pointer(tmp_path) is None
