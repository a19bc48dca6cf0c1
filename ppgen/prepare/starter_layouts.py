"""The layouts of data/README.md, filled with the same faces."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ppgen.datasets.files import is_held_back, resize
from ppgen.datasets.portraits import split_of
from ppgen.io.image import load_image, save_image
from ppgen.prepare.nobody_faces import COLUMNS, FRAME
from ppgen.prepare.portraits import META
from ppgen.prepare.starter_faces import SIZE, Face
from ppgen.prepare.table import write_table

_NOBODY = 237  # pixels a side of data/nobody
_CELEBA = (178, 218)
_TONES = ("deep", "medium", "light")


def lay_out(name: str, faces: Sequence[Face], made: Path, folder: Path) -> None:
    """The dataset `name` in `folder`; made: where `starter_faces.draw` wrote its files."""
    _LAYOUTS[name](faces, made, folder)


def _portraits(faces: Sequence[Face], made: Path, folder: Path, sources: Sequence[str] = ("starter",)) -> None:
    """`photo`, `mask`, `cartoon`, and the tables.

    The configs' groups have to be there: the skins are parted by lightness into three, and sources and `fantasy`, which
    say nothing here, take turns, among what is held back and among the rest.
    """
    for face in faces:
        for kind, suffix in (("photo", "jpg"), ("mask", "png"), ("cartoon", "png")):
            _link(made / kind / f"{face.id}.{suffix}", folder / kind / f"{face.id}.{suffix}")
    by_light = sorted(range(len(faces)), key=lambda index: faces[index].light)
    tones = {faces[index].id: _TONES[3 * rank // len(faces)] for rank, index in enumerate(by_light)}
    turns: Counter[str] = Counter()
    rows = []
    for face in faces:
        split = split_of(face.id, tones[face.id])
        turn = turns[split]
        turns[split] += 1
        rows.append(_row(face) | {"tone_hint": tones[face.id], "source": sources[turn % len(sources)]}
                    | {"fantasy": turn // len(sources) % 2})  # fmt: skip
    write_table(folder / "meta.csv", (*META, "fantasy"), rows)
    _write_landmarks(folder / "landmarks.npz", faces, [face.points for face in faces])


def _photo2cartoon(faces: Sequence[Face], made: Path, folder: Path) -> None:
    """As `ppgen data portraits` makes it."""
    _portraits(faces, made, folder)
    for face in faces:
        split = "test" if is_held_back(face.id) else "train"
        for kind, domain in (("white", "A"), ("cartoon", "B")):
            _link(made / kind / f"{face.id}.png", folder / f"{split}{domain}" / f"{face.id}.png")


def _drawn(faces: Sequence[Face], made: Path, folder: Path) -> None:
    """Both of its sources."""
    _portraits(faces, made, folder, ("portraits", "nobody_portraits"))


def _train(faces: Sequence[Face], made: Path, folder: Path) -> None:
    _portraits(faces, made, folder / "train", ("bio_guide", "wiki"))


def _faces128(faces: Sequence[Face], made: Path, folder: Path) -> None:
    for face in faces:
        save_image(folder / "train" / f"{face.id}.jpg", resize(_face(made, face), 128))
    rows = [_row(face) | {"colour": 1, "smile": ""} for face in faces]
    write_table(folder / "meta.csv", ("id", "colour", "gender", "approx_age", "has_glasses", "smile"), rows)


def _nobody(faces: Sequence[Face], made: Path, folder: Path) -> None:
    for face in faces:
        save_image(folder / "photo" / f"{face.id}.jpg", resize(_face(made, face), _NOBODY))
    rows = [{"id": face.id, **dict(zip(("male", "young"), _male_young(face))), "fantasy": 0} for face in faces]
    write_table(folder / "meta.csv", ("id", "male", "young", "fantasy"), rows)
    scale = _NOBODY / SIZE
    _write_landmarks(folder / "landmarks.npz", faces, [(face.whole + 0.5) * scale - 0.5 for face in faces])


def _nobody_faces(faces: Sequence[Face], made: Path, folder: Path) -> None:
    """As `python -m ppgen.prepare.nobody_faces` makes it, with two of the attributes."""
    for face in faces:
        save_image(folder / "photo" / f"{face.id}.jpg", resize(_face(made, face), FRAME))
    rows = [{"id": face.id, "source": "nobody", **dict(zip(("Male", "Young"), _male_young(face)))} for face in faces]
    write_table(folder / "meta.csv", COLUMNS, rows)


def _ffhq(faces: Sequence[Face], made: Path, folder: Path) -> None:
    for face in faces:
        _link(made / "face" / f"{face.id}.png", folder / f"images{SIZE}x{SIZE}" / f"{face.id}.png")


def _celeba(faces: Sequence[Face], made: Path, folder: Path) -> None:
    """With two of the forty attributes."""
    width, height = _CELEBA
    above = (height - width) // 2
    lists: dict[str, list[str]] = {"attr": [str(len(faces)), "Male Young"], "eval": []}
    for number, face in enumerate(faces, 1):
        square = resize(_face(made, face), width)
        picture = np.pad(square, ((above, height - width - above), (0, 0), (0, 0)), mode="edge")
        name = f"{number:06d}.jpg"
        save_image(folder / "img_align_celeba" / name, picture)
        male, young = (1 if yes else -1 for yes in _male_young(face))
        lists["attr"].append(f"{name} {male} {young}")
        lists["eval"].append(f"{name} {int(is_held_back(face.id))}")
    (folder / "list_attr_celeba.txt").write_text("\n".join(lists["attr"]) + "\n", encoding="utf-8")
    (folder / "list_eval_partition.txt").write_text("\n".join(lists["eval"]) + "\n", encoding="utf-8")


_LAYOUTS: Mapping[str, Callable[[Sequence[Face], Path, Path], None]] = {
    "celeba": _celeba, "drawn": _drawn, "faces128": _faces128, "ffhq": _ffhq, "nobody": _nobody,
    "nobody_faces": _nobody_faces, "nobody_portraits": _portraits, "photo2cartoon": _photo2cartoon, "portraits": _train,
}  # fmt: skip


def _face(made: Path, face: Face) -> np.ndarray:
    return load_image(made / "face" / f"{face.id}.png")


def _male_young(face: Face) -> tuple[int, int]:
    return int(face.person.gender == "M"), int(face.person.group == "young")


def _row(face: Face) -> dict[str, object]:
    """What the tables say of a face; `META` names most columns."""
    return {
        "id": face.id, "gender": face.person.gender, "age_group": face.person.group,
        "approx_age": f"{face.person.years:g}", "has_cartoon": 1, "suspect": 0,
        "native_interocular_px": round(face.eyes, 1), "pad_frac": round(face.outside, 4),
    }  # fmt: skip


def _write_landmarks(path: Path, faces: Sequence[Face], points: Sequence[np.ndarray]) -> None:
    np.savez_compressed(path, ids=np.array([face.id for face in faces]), p68=np.array(points, np.float32))


def _link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
