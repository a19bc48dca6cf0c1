"""Tables, lists and logs: CSV files, CelebA's lists, lists of photos, logs of folders, trees; as nobody expects."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hostile.case import Case, command, written

_BYTES: tuple[bytes, ...] = (
    b"", b"\n", b"\0", b"\xff\xfe", b"id", b"id\n", b"id,id\na,b\n", b"id\na\na\n", b"id,gender\na\n",
    b"id,gender\na,M,x\n", b"gender\nM\n",
    b"\xef\xbb\xbfid,gender\na,M\n", "id,gender\na,M\n".encode("utf-16"), b"id,gender\n\xff\xfe,M\n",
    b'id,gender\n"a,M\n', b'id,gender\na"b,"M"x\n',
    b"id;gender\na;M\n", b"id\tgender\na\tM\n", b"id,gender\r\ra,M\r", b"id,gender\n" + b"a" * 200_000 + b",M\n",
    b"id," + b"c," * 50_000 + b"\n",
    b"id,gender\n" + b",".join([b"x"] * 50_000) + b"\n", b"id,gender\n" + b"\n" * 100_000, b"id,gender\na\0b,M\n",
    b'id,gender\n"\n\n\n",M\n',
    b"id,gender\n../../etc/passwd,M\n", b"id,gender\n/etc/passwd,M\n", b"id,gender\n,M\n", b"id,gender\n   ,M\n",
    b"id,gender\n=cmd|'/c calc'!A1,M\n",
    b"id,gender\n\x1b[2J\x1b[1;1Herror,M\n", "id,gender\n\u202ea,M\n".encode(),
    b"id,gender\na," + b"9" * 10_000 + b"\n", b"id,gender\na,NaN\n",
    b"id,approx_age\na,1e999\n", b"id,approx_age\na,-5\n", b"id,approx_age\na,nan\n", b"id,approx_age\na,0x10\n",
    b"id,approx_age\na,\xd9\xa3\n",
    b"id,has_glasses\na,2\n", b"id,has_glasses\na,yes\n", b"id,age_group\na,\x1b]0;x\x07\n",
    b"id,gender,gender\na,M,F\n", b",\n,\n", b"id,\na,\n",
    b"id,gender\n" + b"".join(b"a%d,M\n" % n for n in range(20_000)), b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"<html>",
    b"{}", b"[1]", b'{"id": "a"}',
    b'"id","gender"\n"a","M"\n', b'""\n""\n', b"id\x00,gender\na,M\n", b"id,gender\na,M" * 1000,
    b"\n\n\nid,gender\na,M\n", b"id,gender\na,M\x1a\n",
)  # fmt: skip


def _photo(name: str) -> None:
    import numpy as np

    from ppgen.io.image import save_image

    Path(name).parent.mkdir(parents=True, exist_ok=True)
    save_image(name, np.full((16, 16, 3), 90, np.uint8))


def _people(content: bytes) -> int:
    """A table for `ppgen data portraits --meta`, read before any photo is."""
    from ppgen.prepare.people import read_people

    read_people(written("meta.csv", content)).notes([("a", "photos/a")])
    return 0


def _folder(content: bytes, label: str) -> None:
    """A table of a folder's labels."""
    from ppgen.registry import DATASETS

    written("photos/meta.csv", content)
    _photo("photos/a.png")
    root = str(Path("photos").resolve())
    DATASETS.build(
        {"name": "ImageFolder", "dataroot": root, "size": 16, "label": label, "attributes": "meta.csv"}
    ).sample(0)


def _stats(content: bytes) -> int:
    """`ppgen data stats` of a folder of portraits."""
    written("set/train/meta.csv", content)
    _photo("set/train/photo/a.png")
    return command("data", "stats", "set", "-o", "out.png")


_CELEBA: tuple[str | bytes, ...] = (
    "", "\n", "1", "1\nMale", "1\nMale\n", "9" * 5000 + "\nMale\na.jpg 1\n", "-1\nMale\n", "0\nMale\n",
    "٣\nMale\na 1\n", "1e3\nMale\n",
    "1\n\na.jpg 1\n", "1\nMale\na.jpg 2\n", "1\nMale\na.jpg\n", "1\nMale\n1\n", "1\nMale\na.jpg 1 1\n",
    "2\nMale\na.jpg 1\n", "1\n" + "A " * 100_000,
    "1\nMale Male\na.jpg 1 -1\n", "1\nid\na.jpg 1\n", "1\nMale\n../../../etc/passwd 1\n", "1\nMale\n/etc/passwd 1\n",
    "1\nMale\na\0b.jpg 1\n",
    "1\nMale\n\x1b[2J.jpg 1\n", "2\nMale\na.jpg 1\na.jpg -1\n", b"\xff\xfe", b"1\nMale\n\xff 1\n",
    "1\r\nMale\r\na.jpg 1\r\n", "1\nMale\na.jpg +1\n",
    "1\nMale\n" + "a" * 5000 + ".jpg 1\n", "100000\nMale\n" + "a.jpg 1\n" * 100_000,
)  # fmt: skip


def _celeba(content: str | bytes, partition: bool) -> None:
    from ppgen.registry import DATASETS

    good_list, good_split = "1\nMale\na.jpg 1\n", "a.jpg 0\n"
    written("c/list_attr_celeba.txt", good_list if partition else content)
    written("c/list_eval_partition.txt", content if partition else good_split)
    _photo("c/img_align_celeba/a.jpg")
    DATASETS.build({"name": "CelebA", "dataroot": str(Path("c").resolve()), "size": 16, "split": "train"}).sample(0)


_LISTS: tuple[tuple[str, str | bytes], ...] = (
    ("a.txt", ""), ("a.txt", "\n\n"), ("a.txt", "/etc/passwd\n"), ("a.txt", "../../x.jpg\n"),
    ("a.txt", b"\xff\xfe.jpg\n"), ("a.txt", "\0\n"),
    ("a.txt", "\x1b[2J\n"), ("a.txt", "x" * 100_000), ("a.txt", "a.txt\n"), ("a.txt", "/dev/zero\n/dev/random\n"),
    ("a.txt", "~nobody/x.jpg\n"),
    ("a.txt", "ftp://127.0.0.1:9/a.jpg\n"), ("a.txt", "file:///etc/passwd\n"), ("a.txt", "."), ("a.txt", "~\n"),
    ("a.txt", "\r\r\r\n"),
    ("a.jsonl", ""), ("a.jsonl", "{"), ("a.jsonl", "[]"), ("a.jsonl", "1"), ("a.jsonl", '{"path": 1}'),
    ("a.jsonl", '{"path": ""}'), ("a.jsonl", '"\\u0000"'),
    ("a.jsonl", "[" * 100_000), ("a.jsonl", '"\\ud800.jpg"'), ("a.jsonl", '{"path": ["a"]}'),
    ("a.jsonl", "9" * 10_000), ("a.jsonl", "NaN"),
    ("a.jsonl", '"\\u001b[2J.jpg"'), ("a.jsonl", b'"\xff.jpg"'), ("a.jsonl", '{"path": "/dev/tty"}'),
    ("a.jsonl", "null"), ("a.jsonl", '{"path": {}}'),
)  # fmt: skip


def _list(name: str, content: str | bytes) -> None:
    """A list of photos for `ppgen cartoon`, and each photo as it is read; no network has to run for that."""
    from ppgen.apps.folders.photos import list_photos
    from ppgen.errors import PPGenError
    from ppgen.io.image import load_image

    photos, lines = list_photos([str(written(name, content))])
    print(*lines, sep="\n")
    for photo in photos:
        try:
            load_image(photo.path)
        except PPGenError as error:
            print(error)


def _entry(**facts: object) -> str:
    good = {
        "path": "a.jpg",
        "status": "done",
        "stem": "a",
        "files": ["a_0_cartoon.png"],
        "stamp": "x",
        "settings": "y",
        "finished": 1.0,
    }
    return json.dumps({**good, **facts}) + "\n"


_LOGS: tuple[str | bytes, ...] = (
    "", "\n", "{", "[]", "1", "null", "[" * 100_000, b"\xff\xfe\0", "{}", _entry(), _entry(path=1),
    _entry(path=["a"]), _entry(files="a"), _entry(files=[1]),
    _entry(files=["../victim.txt"]), _entry(files=["/etc/passwd"]), _entry(stem="../x"), _entry(stem="\0"),
    _entry(stem=None), _entry(finished="x"),
    _entry(finished=float("nan")), _entry(finished=1e999), _entry(faces="many"), _entry(status=5), _entry(unknown=1),
    _entry(by=[[]]), _entry(warnings=3),
    _entry(path="\x1b[2J"), _entry(path="\ud800"), _entry(error="\x1b[2J"), _entry(seconds="x"), _entry(peak_mib=[]),
    _entry(worker={}), _entry() * 10_000,
    _entry(path="a" * 10**6), '{"path": ' + "9" * 10_000 + "}", _entry(input=5), _entry(stem="a" * 5000),
    _entry(files=["a"] * 100_000),
)  # fmt: skip


def _log(content: str | bytes) -> None:
    """The log of an output folder, as a second run reads, writes and arranges it."""
    from ppgen.apps.folders.log import Entry, log_name, open_log, read_logs

    name = log_name("cartoon")
    written(f"out/{name}", content)
    known = read_logs("out", "cartoon")
    log = open_log("out", name)
    log.append(Entry("b.jpg", "done"))
    log.arrange([*known, "b.jpg"])
    log.close()


_TREES: tuple[str | bytes, ...] = (
    "", "{", "[]", "null", "1", "{}", '{"nodes": 1}', '{"nodes": []}', '{"nodes": [1]}', '{"nodes": [{}]}',
    '{"nodes": {}}', "[" * 100_000, b"\xff\xfe",
    '{"nodes": [{"name": "a", "groups": 5, "weights": "../victim.txt"}]}',
    '{"nodes": [{"name": "../x", "groups": {}, "weights": "/etc/passwd"}]}',
    '{"name": "all", "groups": {}, "children": 1}', '{"nodes": [{"name": "\\u001b[2J", "groups": {"a": "b"}}]}',
    '"x"', "9" * 10_000,
)  # fmt: skip


def _tree(content: str | bytes) -> None:
    from ppgen.tree.routing import Router

    written("run/tree.json", content)
    Router("run")


def cases() -> Iterator[Case]:
    """Each table through the reader that is nearest to a user."""
    for number, content in enumerate(_BYTES):
        what = f"{number} {content[:24]!r}"
        yield Case(f"tables/people {what}", partial(_people, content))
        yield Case(f"tables/labels {what}", partial(_folder, content, "gender"))
        yield Case(f"tables/stats {what}", partial(_stats, content))
    for number, text in enumerate(_CELEBA):
        for partition in (False, True):
            yield Case(f"tables/celeba {number} {str(text)[:20]!r} {partition}", partial(_celeba, text, partition))
    for number, (name, text) in enumerate(_LISTS):
        yield Case(f"tables/list {number} {name} {str(text)[:20]!r}", partial(_list, name, text))
    for number, text in enumerate(_LOGS):
        yield Case(f"tables/log {number} {str(text)[:20]!r}", partial(_log, text))
    for number, text in enumerate(_TREES):
        yield Case(f"tables/tree {number} {str(text)[:20]!r}", partial(_tree, text))
