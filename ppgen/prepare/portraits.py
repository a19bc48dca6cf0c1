"""A folder of photos becomes a dataset: aligned, masked portraits on white and, if asked, a drawn pair for each.

    OUT/trainA, testA   <id>.png  the portrait on white            OUT/photo/<id>.jpg      the crop, background kept
    OUT/trainB, testB   <id>.png  its cartoon, if asked            OUT/mask/<id>.png       the person
    OUT/records         <id>.json what was done to each photo      OUT/cartoon/<id>.png    as in trainB and testB
    OUT/meta.csv, landmarks.npz, report.csv, report.json

The left columns are what the unpaired and the two-folder paired datasets read, the right ones with meta.csv and
landmarks.npz what `Portraits` reads. One id in ten is for testing, by its name alone (crc32 modulo 10 is 2, which
`Portraits` calls validation). A photo's record says so last, so a run that was stopped goes on where it was.
"""

import csv
import hashlib
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from ppgen.datasets.files import is_held_back
from ppgen.errors import DataError, NoFaceError, OutputError, in_lines
from ppgen.faces import align_face
from ppgen.faces.detect import find_dlib_faces
from ppgen.faces.record import FaceRecord
from ppgen.faces.segment import person_mask
from ppgen.io.atomic import atomic_path, check_output, write_bytes, write_json
from ppgen.io.image import load_image, on_white, save_image
from ppgen.io.listing import left_out, list_images
from ppgen.io.names import short_name
from ppgen.prepare import marker
from ppgen.prepare.drawers import Person, drawer, likeness
from ppgen.prepare.people import read_people

SIZE = 256
_VERSION = 2  # of what is made from a photo; another one makes all of them again
_PICTURES = ("photo", "mask", "cartoon", "trainA", "testA", "trainB", "testB")
_MAX_NAME = 150  # bytes
_SUSPECT = 0.8  # distance of face descriptors; other people usually are not farther off
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
    facts: dict[str, object] = field(default_factory=dict)

    def files(self, out: Path) -> dict[str, Path]:
        """Where its pictures lie, by what they are."""
        files = {"photo": out / "photo" / f"{self.id}.jpg"}
        folders = {"mask": "mask", "white": f"{self.split}A"}
        if self.facts.get("has_cartoon"):
            folders |= {"cartoon": "cartoon", "pair": f"{self.split}B"}
        return files | {kind: out / folder / f"{self.id}.png" for kind, folder in folders.items()}


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

    @property
    def reasons(self) -> dict[str, int]:
        """How many photos were dropped for what, most first."""
        return dict(Counter(one.why for one in self.dropped).most_common())

    def counts(self) -> dict[str, object]:
        """JSON-able."""
        kept = [one for one in self.outcomes if one.status == "kept"]
        return {
            "photos": len(self.outcomes), "kept": len(kept), "dropped": len(self.dropped),
            "train": sum(one.split == "train" for one in kept), "test": sum(one.split == "test" for one in kept),
            "cartoons": sum(bool(one.facts.get("has_cartoon")) for one in kept),
            "reasons": self.reasons, "reused": self.reused,
        }  # fmt: skip

    def __str__(self) -> str:
        counts = self.counts()
        lines = [
            f"{counts['kept']} of {counts['photos']} photos kept: {counts['train']} for training, {counts['test']} for "
            f"testing, {counts['cartoons']} with a cartoon ({counts['reused']} were done before)",
            *self.notes,
            *(f"dropped, {why}: {count}" for why, count in self.reasons.items()),
            *(f"  {one.reason}" for one in self.dropped[:20]),
        ]
        if len(self.dropped) > 20:
            lines.append(f"  … and {len(self.dropped) - 20} more in {self.csv}")
        for split, purpose in (("train", "training"), ("test", "testing")):
            folder = self.csv.parent / f"{split}A"
            if counts["kept"] and not any(folder.glob("*.png")):
                why = f"by their names none of these photos is for {purpose} (crc32 modulo 10 decides); add some more"
                lines.append(f"warning: {folder} stays empty, and trainings need it: {why}")
        return in_lines([*lines, f"report: {self.csv}, {self.json}"])


class _Dropped(DataError):
    """A readable photo that is not good enough; `why` in one word."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why = why


class _Record(NamedTuple):
    """What was written about a photo: what it was made by, its `digest` among it, and what came of it."""

    key: dict[str, object]
    outcome: Outcome


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
    root, out = Path(source).expanduser(), Path(output).expanduser()
    photos = list_images(root, recursive=True)
    if out.resolve().is_relative_to(root.resolve()):
        raise OutputError(f"{output}: lies inside the photos' folder and would be read as photos; choose another")
    for folder in ("", "records", *_PICTURES):
        check_output(out / folder)
        place = (out / folder).resolve()
        if folder and any(photo.resolve().is_relative_to(place) for photo in (root, *photos)):  # links may lead there
            raise OutputError(f"{output}: its {folder}/ holds the photos and would be written over; choose another")
    people = read_people(meta)
    run = _Run(out, wanted)
    named = _named(root, photos)
    people.check_unambiguous([(path.stem, identifier) for identifier, path in named])
    run.check_free(named)
    if marker.is_marked(out):  # only now: what was refused has removed nothing
        marker.remove(out)
    report = Report([], 0, out / "report.csv", out / "report.json")
    for identifier, path in tqdm(named, desc="portraits", unit="photo", disable=None):
        outcome, again = run.outcome_of(identifier, path, people.find(identifier, path.stem) or Person())
        report.outcomes.append(outcome)
        report.reused += again
    run.forget_duplicates(report.outcomes)
    run.write_tables()
    for folder in _PICTURES:  # an empty one would be taken for a dataset
        with suppress(OSError):
            (out / folder).rmdir()
    report.notes = people.notes([(path.stem, identifier) for identifier, path in named])
    if others := left_out(root, recursive=True):
        report.notes.append(f"{source}: {others}")
    _write_report(report, wanted)
    return report


def _named(root: Path, photos: list[Path]) -> list[tuple[str, Path]]:
    """(id, path): the path below `root` without extension, safe as a file name; equal ones get their extension."""

    def plain(text: str) -> str:
        return re.sub(r"[^\w.-]+", "_", text).strip("._") or "photo"

    names = [short_name(plain(path.relative_to(root).with_suffix("").as_posix()), _MAX_NAME) for path in photos]
    taken = Counter(name.casefold() for name in names)
    named: dict[str, tuple[str, Path]] = {}
    for name, path in zip(names, photos):
        if taken[name.casefold()] > 1:
            name = f"{name}_{path.suffix[1:].lower()}"
        if name.casefold() in named:  # names that differ only in what is not allowed
            name = f"{name}_{hashlib.sha256(os.fsencode(path.relative_to(root).as_posix())).hexdigest()[:8]}"
        named[name.casefold()] = (name, path)
    return list(named.values())


class _Run:
    """The work on one output folder."""

    def __init__(self, out: Path, wanted: Wanted) -> None:
        self.out, self.wanted = out, wanted
        self.draw = drawer(wanted.cartoon) if wanted.cartoon else None
        self.seen: dict[str, str] = {}  # by digest, the first photo that has it

    def record(self, identifier: str) -> Path:
        return self.out / "records" / f"{identifier}.json"

    def check_free(self, named: list[tuple[str, Path]]) -> None:
        """OutputError where a file to be written is there and no earlier run made it: somebody's drawing, say."""
        starter = marker.made(self.out)  # gives way
        for identifier, path in named:
            record = self.record(identifier)
            known = _read_record(record)
            if record.exists() and known is None:
                continue  # damaged: what it was about cannot be told
            ours = known.outcome.files(self.out).values() if known else ()
            for file in self._begun(identifier, path, None).files(self.out).values():
                if file not in ours and file not in starter and file.exists():
                    raise OutputError(f"{file}: is there, and no earlier run made it; choose another output")

    def _begun(self, identifier: str, path: Path, known: _Record | None) -> Outcome:
        """What is on record while a photo is worked on: that its files, and those of an earlier run, are ours."""
        drawn = self.draw is not None or (known is not None and known.outcome.facts.get("has_cartoon"))
        split = "test" if is_held_back(identifier) else "train"
        return Outcome(identifier, str(path), "begun", split=split, facts={"has_cartoon": int(bool(drawn))})

    def outcome_of(self, identifier: str, path: Path, person: Person) -> tuple[Outcome, bool]:
        """The outcome of one photo, and whether it was known already. Files first, its record last."""

        def dropped(why: str, reason: str) -> Outcome:
            return Outcome(identifier, str(path), "dropped", why, reason)

        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            return dropped("unreadable", f"{path}: cannot be read ({error})"), False
        if digest in self.seen:
            return dropped("duplicate", f"{path}: is the same file as {self.seen[digest]}"), False
        self.seen[digest] = str(path)
        key = {"version": _VERSION, "digest": digest, "wanted": asdict(self.wanted), "person": person._asdict()}
        record = self.record(identifier)
        known = _read_record(record)
        if known and known.key == key:
            if known.outcome.status == "dropped" or all(f.is_file() for f in known.outcome.files(self.out).values()):
                return known.outcome, True
        elif known and known.key["digest"] != digest and known.outcome.source != str(path):
            raise OutputError(f"{record}: is about {known.outcome.source}, another photo; choose another output")
        if record.is_dir():
            _remove(record)  # says so
        begun = self._begun(identifier, path, known)
        write_json(record, {"key": {**key, "finished": False}, "outcome": asdict(begun)})
        try:
            outcome = self._make(begun, path, person)
        except _Dropped as error:
            outcome = dropped(error.why, f"{path}: {error}")
        except DataError as error:
            outcome = dropped("no face" if isinstance(error, NoFaceError) else "unreadable", str(error))
        self._remove_others(begun, outcome)
        write_json(record, {"key": key, "outcome": asdict(outcome)})
        return outcome, False

    def _make(self, begun: Outcome, path: Path, person: Person) -> Outcome:
        """Align, mask, draw and write one portrait; DataError where it is not good enough."""
        image, wanted = load_image(path), self.wanted
        face = find_dlib_faces(image, str(path))[0]  # one kind of landmarks in a dataset
        if face.interocular < wanted.min_eyes:
            eyes = f"the eyes are {face.interocular:.0f} pixels apart"
            raise _Dropped("small", f"{eyes}, {wanted.min_eyes:g} are asked for")
        if face.pose_ratio > wanted.max_pose:
            raise _Dropped("turned", f"the head is turned too far to one side ({face.pose_ratio:.1f})")
        aligned = align_face(image, face.landmarks, SIZE)
        crop, points = aligned.crop, aligned.landmarks
        if aligned.pad_frac > wanted.max_pad:
            raise _Dropped("cut off", f"{aligned.pad_frac:.0%} of the portrait lies outside the photo")
        mask = person_mask(crop, points)
        if mask.mean() < _MIN_PERSON:
            raise _Dropped("no person", "the person cannot be told from the background")
        white, edges = on_white(crop, mask), cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_64F)
        facts: dict[str, object] = {
            "gender": person.gender or "", "age_group": person.group or "",
            "approx_age": "" if person.years is None else f"{person.years:g}",
            "has_glasses": "" if person.glasses is None else str(int(person.glasses)), "tone_hint": "unknown",
            "native_interocular_px": round(face.interocular, 1), "pad_frac": round(aligned.pad_frac, 4),
            "sharpness_laplacian": round(float(edges.var()), 1), "has_cartoon": 0, "suspect": 0, "cartoon_id_dist": "",
            "face": FaceRecord(str(path), (image.shape[1], image.shape[0]), face, aligned).as_dict(),
            "landmarks": np.round(points, 3).tolist(),
        }  # fmt: skip
        cartoon = self.draw(crop, points, mask, person) if self.draw else None
        if cartoon is not None:
            apart = likeness(cartoon, white, points)
            facts |= {"has_cartoon": 1, "cartoon_id_dist": round(apart, 4), "suspect": int(apart > _SUSPECT)}
        outcome = replace(begun, status="kept", warnings=list(face.warnings), facts=facts)
        files = outcome.files(self.out)
        if cartoon is not None:
            save_image(files["cartoon"], cartoon)
            _same_file(files["cartoon"], files["pair"])
        save_image(files["photo"], crop)
        save_image(files["mask"], np.rint(mask * 255).astype(np.uint8))
        save_image(files["white"], white)
        return outcome

    def forget_duplicates(self, outcomes: list[Outcome]) -> None:
        """Remove what earlier runs made of files that now count under another name: none may be in the set twice."""
        kept = {one.id for one in outcomes if one.why != "duplicate"}
        for path in sorted((self.out / "records").glob("*.json")):
            known = _read_record(path)
            if known and path.stem not in kept and known.key["digest"] in self.seen:
                self._remove_others(known.outcome, replace(known.outcome, status="dropped"))
                _remove(path)

    def _remove_others(self, made: Outcome, outcome: Outcome) -> None:
        """The files of `made`, as it is on record, that `outcome` does not have."""
        keep = outcome.files(self.out).values() if outcome.status == "kept" else ()
        for path in made.files(self.out).values() if made.split else ():
            if path not in keep:
                _remove(path)

    def write_tables(self) -> None:
        """meta.csv and landmarks.npz of all that is kept, earlier runs included."""
        known = [_read_record(path) for path in sorted((self.out / "records").glob("*.json"))]
        kept = [record.outcome for record in known if record and record.outcome.status == "kept"]
        if not kept:
            for name in ("meta.csv", "landmarks.npz"):
                _remove(self.out / name)
            return
        rows = [{"id": one.id, "source": Path(one.source).name} | one.facts for one in kept]
        write_bytes(self.out / "meta.csv", _csv(META, rows))
        buffer = io.BytesIO()
        points = np.array([one.facts["landmarks"] for one in kept], np.float32)
        np.savez_compressed(buffer, ids=np.array([one.id for one in kept]), p68=points)
        write_bytes(self.out / "landmarks.npz", buffer.getvalue())


def _read_record(path: Path) -> _Record | None:
    """What an earlier run wrote; None where there is nothing, or something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        key, outcome = dict(content["key"]), Outcome(**content["outcome"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return _Record(key, outcome) if "digest" in key and isinstance(outcome.facts, dict) else None


def _remove(path: Path) -> None:
    """Remove a file, if there is one; OutputError where it is none or may not be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        what = "is a folder where a file should be" if path.is_dir() else f"cannot be removed ({error.strerror})"
        raise OutputError(f"{path}: {what}; remove it or choose another output folder") from error


def _same_file(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where the file system has no such thing."""
    with atomic_path(target) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> bytes:
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
