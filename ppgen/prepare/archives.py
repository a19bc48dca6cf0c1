"""Public datasets that PaddleGAN's configs train on, fetched and unpacked: `ppgen data download NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ppgen.errors import ConfigError, OutputError
from ppgen.io.resumable import fetch_resumable, forget
from ppgen.prepare import marker
from ppgen.prepare.unpack import Unpacked, unpack
from ppgen.registry import unknown

_CYCLEGAN = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/"
_PIX2PIX = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/"


class Archive(NamedTuple):
    """url: of the archive. about: what it holds, and whose it is."""

    url: str
    about: str


def _cyclegan(name: str, about: str) -> Archive:
    return Archive(f"{_CYCLEGAN}{name}.zip", f"{about} (CycleGAN's authors)")


def _pix2pix(name: str, about: str) -> Archive:
    return Archive(f"{_PIX2PIX}{name}.tar.gz", f"{about} (pix2pix's authors)")


ARCHIVES = {
    "ae_photos": _cyclegan("ae_photos", "photos for the styles of painters"),
    "apple2orange": _cyclegan("apple2orange", "apples and oranges"),
    "cezanne2photo": _cyclegan("cezanne2photo", "paintings and photos of landscapes"),
    "cityscapes": Archive(
        "https://paddlegan.bj.bcebos.com/datasets/cityscapes.zip", "streets and their label maps (PaddleGAN's copy)"
    ),
    "edges2handbags": _pix2pix("edges2handbags", "contours and handbags"),
    "edges2shoes": _pix2pix("edges2shoes", "contours and shoes"),
    "facades": _pix2pix("facades", "facades and their label maps"),
    "horse2zebra": _cyclegan("horse2zebra", "horses and zebras"),
    "iphone2dslr_flower": _cyclegan("iphone2dslr_flower", "flowers by two cameras"),
    "maps": _pix2pix("maps", "aerial photos and maps"),
    "monet2photo": _cyclegan("monet2photo", "paintings and photos of landscapes"),
    "night2day": _pix2pix("night2day", "places by night and by day"),
    "summer2winter_yosemite": _cyclegan("summer2winter_yosemite", "Yosemite in summer and winter"),
    "ukiyoe2photo": _cyclegan("ukiyoe2photo", "prints and photos of landscapes"),
    "vangogh2photo": _cyclegan("vangogh2photo", "paintings and photos of landscapes"),
}


def download_dataset(name: str, data: str | Path, sha256: str | None = None, url: str | None = None) -> Unpacked:
    """Fetch a public dataset into `data/NAME`; a download that broke off goes on.

    Args:
        sha256: of the archive, to be held against; the authors publish none. Archives check their contents themselves.
        url: of another copy.
    Raises:
        ConfigError: no such name. OutputError: `data/NAME` is there already, or cannot be written. DownloadError.
        DataError: the archive is damaged, or not to be trusted.
    """
    if name not in ARCHIVES:
        raise ConfigError(unknown("public dataset", name, ARCHIVES))
    place = Path(data).expanduser() / name
    if place.exists() and not marker.is_marked(place):
        raise OutputError(f"{place}: exists already; remove it, or choose another folder with -d")
    archive = fetch_resumable(url or ARCHIVES[name].url, sha256)
    done = unpack(archive, place.parent, name=name)
    forget(archive)
    return done
