"""A folder of photos becomes a dataset: aligned, masked portraits on white and, if asked, a drawn pair for each.

    OUT/trainA, testA   <id>.png  the portrait on white            OUT/photo/<id>.jpg      the crop, background kept
    OUT/trainB, testB   <id>.png  its cartoon, if asked            OUT/mask/<id>.png       the person
    OUT/records         <id>.json what was done to each photo      OUT/cartoon/<id>.png    as in trainB and testB
    OUT/meta.csv, landmarks.npz, report.csv, report.json

The left columns are what the unpaired and the two-folder paired datasets read, the right ones with meta.csv and
landmarks.npz what `Portraits` reads. One id in ten is for testing, by its name alone (crc32 modulo 10 is 2, which
`Portraits` calls validation). A photo's record says so last, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ppgen.datasets.files import is_held_back
from ppgen.errors import ConfigError, DataError, NoFaceError, OutputError
from ppgen.faces import align_face, find_faces
from ppgen.faces.record import FaceRecord
from ppgen.faces.segment import person_mask
from ppgen.io.atomic import atomic_path, check_output, write_bytes, write_json
from ppgen.io.image import list_images, load_image, on_white, save_image
from ppgen.io.names import short_name
from ppgen.prepare.drawers import CARTOONS, Person, drawer
from ppgen.prepare.people import read_people

SIZE = 256
_VERSION = 2  # of what is made from a photo; another one makes all of them again
_PICTURES = ("photo", "mask", "cartoon", "trainA", "testA", "trainB", "testB")
_MAX_NAME = 150  # bytes
_MIN_PERSON = 0.02  # of the crop; below, the segmentation found nobody
META = (
    "id", "source", "gender", "age_group", "approx_age", "has_glasses", "tone_hint", "has_cartoon", "suspect",
    "cartoon_id_dist", "native_interocular_px", "pad_frac", "sharpness_laplacian",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What a photo must have, and what is made of it.

    min_eyes: pixels between the eyes in the photo. max_pose: how much farther the nose is from one side of the jaw
    than from the other. max_pad: share of the crop outside the photo. cartoon: who draws, None for nobody.
    """

    min_eyes: float = 20.0
    max_pose: float = 2.5
    max_pad: float = 0.4
    cartoon: str | None = None


@dataclass
class Outcome:
    """One photo: `status` 'kept', 'dropped' with a `reason`; `why` is the reason in one word, for counting."""

    id: str
    source: str
    status: str
    why: str = ""
    reason: str = ""
    split: str = ""
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Report:
    """All photos of a run, and where the tables about them are; `notes`: sentences about the table of people."""

    outcomes: list[Outcome]
    reused: int
    csv: Path
    json: Path
    notes: list[str] = field(default_factory=list)

    @property
    def dropped(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.status == "dropped"]

    def counts(self) -> dict[str, Any]:
        kept = [one for one in self.outcomes if one.status == "kept"]
        return {
            "photos": len(self.outcomes), "kept": len(kept), "dropped": len(self.dropped),
            "train": sum(one.split == "train" for one in kept), "test": sum(one.split == "test" for one in kept),
            "cartoons": sum(bool(one.facts.get("has_cartoon")) for one in kept),
            "reasons": dict(Counter(one.why for one in self.dropped).most_common()), "reused": self.reused,
        }  # fmt: skip

    def __str__(self) -> str:
        found = self.counts()
        lines = [
            f"{found['kept']} of {found['photos']} photos kept: {found['train']} for training, {found['test']} for "
            f"testing, {found['cartoons']} with a cartoon ({found['reused']} were done before)"
        ]
        lines += self.notes
        lines += [f"dropped, {why}: {count}" for why, count in found["reasons"].items()]
        lines += [f"  {one.reason}" for one in self.dropped[:20]]
        if len(self.dropped) > 20:
            lines.append(f"  … and {len(self.dropped) - 20} more in {self.csv}")
        for split, purpose in (("train", "training"), ("test", "testing")):
            folder = self.csv.parent / f"{split}A"
            if found["kept"] and not any(folder.glob("*.png")):
                lines.append(
                    f"warning: {folder} stays empty, and trainings need it: by their names none of these photos is for "
                    f"{purpose} (crc32 modulo 10 decides); add some more"
                )
        return "\n".join([*lines, f"report: {self.csv}, {self.json}"])


class _Dropped(DataError):
    """A readable photo that is not good enough; `why` in one word."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why = why


def prepare_portraits(
    source: str | Path, output: str | Path, wanted: Wanted | None = None, meta: str | Path | None = None
) -> Report:
    """Make a dataset of the photos in `source` and its subfolders.

    Args:
        meta: CSV with a column `id` (file name without extension) and any of gender (F, M), age_group (young,
            middle, senior) or approx_age (years), has_glasses (0, 1), empty where unknown: the artist's styles, and
            columns of the dataset's meta.csv.
    Raises:
        DataError: no photos, an unusable meta file. ConfigError: unknown cartoon. OutputError: `output` lies among
            the photos or around them, cannot be written, or holds what is not ours under a photo's name.
    """
    wanted = wanted or Wanted()
    if wanted.cartoon not in (None, *CARTOONS):
        raise ConfigError(f"cartoon={wanted.cartoon!r}: give one of {', '.join(CARTOONS)}")
    root, out = Path(source).expanduser(), Path(output).expanduser()
    photos = list_images(root, recursive=True)
    if out.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{output}: lies inside the photos' folder and would be read as photos; choose another")
    for folder in ("", "records", *_PICTURES):
        check_output(out / folder)
        if folder and root.resolve().is_relative_to((out / folder).resolve()):
            raise OutputError(f"{output}: its {folder}/ holds the photos and would be written over; choose another")
    people = read_people(meta)
    draw = drawer(wanted.cartoon) if wanted.cartoon else None
    outcomes, reused, seen = [], 0, {}
    from tqdm import tqdm

    named = _named(root, photos)
    _check_free(out, named, draw is not None)
    for identifier, path in tqdm(named, desc="portraits", unit="photo", disable=None):
        person = people.find(path.stem, identifier) or Person()
        outcome, again = _one(identifier, path, out, wanted, person, draw, seen)
        outcomes.append(outcome)
        reused += again
    _forget_duplicates(out, outcomes, seen)
    _write_tables(out)
    for folder in _PICTURES:  # an empty one would be taken for a dataset
        with suppress(OSError):
            (out / folder).rmdir()
    notes = people.notes([(path.stem, identifier) for identifier, path in named])
    report = Report(outcomes, reused, out / "report.csv", out / "report.json", notes)
    _write_report(report, wanted)
    return report


def _named(root: Path, photos: list[Path]) -> list[tuple[str, Path]]:
    """(id, path): the path below `root` without extension, safe as a file name; equal ones get their extension."""

    def plain(text: str) -> str:
        return re.sub(r"[^\w.-]+", "_", text).strip("._") or "photo"

    names = [short_name(plain(path.relative_to(root).with_suffix("").as_posix()), _MAX_NAME) for path in photos]
    taken = Counter(name.casefold() for name in names)
    result, used = [], set()
    for name, path in zip(names, photos):
        if taken[name.casefold()] > 1:
            name = f"{name}_{path.suffix[1:].lower()}"
        if name.casefold() in used:  # names that differ only in what is not allowed
            name = f"{name}_{hashlib.sha256(os.fsencode(path.relative_to(root).as_posix())).hexdigest()[:8]}"
        used.add(name.casefold())
        result.append((name, path))
    return result


def _one(
    identifier: str, path: Path, out: Path, wanted: Wanted, person: Person, draw: Callable | None, seen: dict[str, str]
) -> tuple[Outcome, bool]:
    """The outcome of one photo, and whether it was known already. Files first, its record last."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return Outcome(identifier, str(path), "dropped", "unreadable", f"{path}: cannot be read ({error})"), False
    if digest in seen:
        reason = f"{path}: is the same file as {seen[digest]}"
        return Outcome(identifier, str(path), "dropped", "duplicate", reason), False
    seen[digest] = str(path)
    key = {"version": _VERSION, "digest": digest, "wanted": asdict(wanted), "person": person._asdict()}
    record = out / "records" / f"{identifier}.json"
    known = _read_record(record)
    if known and known["key"] == key:
        outcome = Outcome(**known["outcome"])
        if outcome.status == "dropped" or all(file.is_file() for file in _files(out, outcome)):
            return outcome, True
    elif known and known["key"]["digest"] != digest and known["outcome"]["source"] != str(path):
        raise OutputError(
            f"{record}: the output holds '{identifier}' made from {known['outcome']['source']}; choose another output"
        )
    if record.is_dir():
        _remove(record)  # says so
    begun = _begun(identifier, path, draw is not None, known)
    write_json(record, {"key": {**key, "finished": False}, "outcome": asdict(begun)})
    try:
        outcome = _make(identifier, path, out, person, wanted, draw)
    except DataError as error:
        why = "no face" if isinstance(error, NoFaceError) else getattr(error, "why", "unreadable")
        outcome = Outcome(identifier, str(path), "dropped", why, str(error))
    _remove_others(out, begun, outcome)
    write_json(record, {"key": key, "outcome": asdict(outcome)})
    return outcome, False


def _check_free(out: Path, named: list[tuple[str, Path]], drawn: bool) -> None:
    """OutputError where a file that would be written is there and no earlier run made it: somebody's drawing, say."""
    for identifier, path in named:
        record = out / "records" / f"{identifier}.json"
        known = _read_record(record)
        if record.exists() and known is None:
            continue  # damaged: what it was about cannot be told
        ours = set(_files(out, Outcome(**known["outcome"]))) if known else set()
        for file in _files(out, _begun(identifier, path, drawn, None)):
            if file not in ours and file.exists():
                raise OutputError(f"{file}: is there, and no earlier run made it; choose another output")


def _begun(identifier: str, path: Path, drawn: bool, known: dict[str, Any] | None) -> Outcome:
    """What is on record while a photo is worked on: that all of its files, and those of an earlier run, are ours."""
    before = known["outcome"]["facts"].get("has_cartoon") if known else 0
    split = "test" if is_held_back(identifier) else "train"
    return Outcome(identifier, str(path), "begun", split=split, facts={"has_cartoon": int(bool(drawn or before))})


def _forget_duplicates(out: Path, outcomes: list[Outcome], seen: dict[str, str]) -> None:
    """Remove what earlier runs made of files that now count under another name: none may be in the set twice."""
    kept = {one.id for one in outcomes if one.why != "duplicate"}
    for record in sorted((out / "records").glob("*.json")):
        found = _read_record(record)
        if found and record.stem not in kept and found["key"]["digest"] in seen:
            old = Outcome(**found["outcome"])
            _remove_others(out, old, replace(old, status="dropped"))
            _remove(record)


def _read_record(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if _is_record(found) else None


def _is_record(found: Any) -> bool:
    """Whether it is what `_one` writes: the digest among what the photo was known by, and an `Outcome`."""
    key, outcome = (found.get("key"), found.get("outcome")) if isinstance(found, dict) else (None, None)
    if not isinstance(key, dict) or not isinstance(outcome, dict):
        return False
    whole = {one.name for one in fields(Outcome)} == set(outcome) and isinstance(outcome["facts"], dict)
    return whole and "digest" in key


def _remove(path: Path) -> None:
    """Remove a file, if there is one; OutputError where it is none or may not be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        what = "is a folder where a file should be" if path.is_dir() else f"cannot be removed ({error.strerror})"
        raise OutputError(f"{path}: {what}; remove it or choose another output folder") from error


def _make(identifier: str, path: Path, out: Path, person: Person, wanted: Wanted, draw: Callable | None) -> Outcome:
    """Align, mask, draw and write one portrait; DataError where it is not good enough."""
    image = load_image(path)
    face = find_faces(image, name=str(path))[0]
    if face.interocular < wanted.min_eyes:
        apart = f"{face.interocular:.0f} pixels apart, {wanted.min_eyes:g} are asked for"
        raise _Dropped("small", f"{path}: the eyes are {apart}")
    if face.pose_ratio > wanted.max_pose:
        raise _Dropped("turned", f"{path}: the head is turned too far to one side ({face.pose_ratio:.1f})")
    aligned = align_face(image, face.landmarks, SIZE)
    if aligned.pad_frac > wanted.max_pad:
        raise _Dropped("cut off", f"{path}: {aligned.pad_frac:.0%} of the portrait lies outside the photo")
    mask = person_mask(aligned.crop, aligned.landmarks)
    if mask.mean() < _MIN_PERSON:
        raise _Dropped("no person", f"{path}: the person cannot be told from the background")
    split = "test" if is_held_back(identifier) else "train"
    facts: dict[str, Any] = {
        "gender": person.gender or "", "age_group": person.group or "",
        "approx_age": "" if person.years is None else f"{person.years:g}",
        "has_glasses": "" if person.glasses is None else str(int(person.glasses)), "tone_hint": "unknown",
        "native_interocular_px": round(face.interocular, 1), "pad_frac": round(aligned.pad_frac, 4),
        "sharpness_laplacian": round(_sharpness(aligned.crop), 1), "has_cartoon": 0, "suspect": 0,
        "cartoon_id_dist": "",
    }  # fmt: skip
    record = FaceRecord(str(path), (image.shape[1], image.shape[0]), face, aligned).as_dict()
    facts |= {"face": record, "landmarks": np.round(aligned.landmarks, 3).tolist()}
    outcome = Outcome(identifier, str(path), "kept", split=split, warnings=list(face.warnings), facts=facts)
    white = on_white(aligned.crop, mask)
    if draw is not None:
        cartoon = draw(aligned.crop, aligned.landmarks, mask, person)
        facts |= {"has_cartoon": 1, **_likeness(cartoon, white, aligned.landmarks)}
        save_image(out / "cartoon" / f"{identifier}.png", cartoon)
        _same_file(out / "cartoon" / f"{identifier}.png", out / f"{split}B" / f"{identifier}.png")
    save_image(out / "photo" / f"{identifier}.jpg", aligned.crop)
    save_image(out / "mask" / f"{identifier}.png", np.rint(mask * 255).astype(np.uint8))
    save_image(out / f"{split}A" / f"{identifier}.png", white)
    return outcome


def _likeness(cartoon: np.ndarray, white: np.ndarray, landmarks: np.ndarray) -> dict[str, Any]:
    """Distance of the face descriptors; a drawing farther off than other people usually are is suspect."""
    from ppgen.faces.identify import describe

    apart = float(np.linalg.norm(describe(cartoon, landmarks) - describe(white, landmarks)))
    return {"cartoon_id_dist": round(apart, 4), "suspect": int(apart > 0.8)}


def _sharpness(crop: np.ndarray) -> float:
    import cv2

    return float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def _files(out: Path, outcome: Outcome) -> list[Path]:
    name = outcome.id
    files = [out / "photo" / f"{name}.jpg", out / "mask" / f"{name}.png", out / f"{outcome.split}A" / f"{name}.png"]
    if outcome.facts.get("has_cartoon"):
        files += [out / "cartoon" / f"{name}.png", out / f"{outcome.split}B" / f"{name}.png"]
    return files


def _remove_others(out: Path, made: Outcome, outcome: Outcome) -> None:
    """The files of `made`, as it is on record, that `outcome` does not have."""
    keep = set(_files(out, outcome)) if outcome.status == "kept" else set()
    for path in _files(out, made) if made.split else ():
        if path not in keep:
            _remove(path)


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def _write_tables(out: Path) -> None:
    """meta.csv and landmarks.npz of all that is kept in `out`, earlier runs included."""
    kept = []
    for path in sorted((out / "records").glob("*.json")):
        found = _read_record(path)
        if found and found["outcome"]["status"] == "kept":
            kept.append(Outcome(**found["outcome"]))
    if not kept:
        for name in ("meta.csv", "landmarks.npz"):
            _remove(out / name)
        return
    rows = [{"id": one.id, "source": Path(one.source).name} | one.facts for one in kept]
    write_bytes(out / "meta.csv", _csv(META, rows))
    buffer = io.BytesIO()
    points = np.array([one.facts["landmarks"] for one in kept], np.float32)
    np.savez_compressed(buffer, ids=np.array([one.id for one in kept]), p68=points)
    write_bytes(out / "landmarks.npz", buffer.getvalue())


def _csv(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _write_report(report: Report, wanted: Wanted) -> None:
    rows = [asdict(one) | {"warnings": "; ".join(one.warnings)} for one in report.outcomes]
    write_bytes(report.csv, _csv(("id", "source", "status", "why", "reason", "split", "warnings"), rows))
    write_json(report.json, {
        "settings": asdict(wanted), "counts": report.counts(), "notes": report.notes,
        "photos": [{k: v for k, v in asdict(one).items() if k != "facts"} for one in report.outcomes],
    })  # fmt: skip
