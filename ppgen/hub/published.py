"""PaddleGAN's published weights: where they lie and which network they fill.

No checksum was ever published for them. The first download on a machine is trusted, its size and SHA-256 are recorded
beside it, and every later use is held against that record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ppgen.compat.names import Arguments, our_network_name
from ppgen.errors import DownloadError, WeightsError, short
from ppgen.io.arrays import read_content
from ppgen.io.atomic import atomic_path, write_json
from ppgen.io.download import cache_folder, digest, download
from ppgen.io.weights import Facts
from ppgen.registry import NETWORKS

if TYPE_CHECKING:
    from paddle import nn

_BASE = "https://paddlegan.bj.bcebos.com/models/"


@dataclass(frozen=True)
class Published:
    """One file of PaddleGAN's.

    Attributes:
        network: PaddleGAN's class name.
        arguments: PaddleGAN's constructor arguments.
        key: the network's name in a file that holds several.
        facts: what its card says beyond that.
    """

    file: str
    network: str
    arguments: Arguments = field(default_factory=dict)
    key: str | None = None
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it lies."""
        return _BASE + self.file

    @property
    def is_stylegan2(self) -> bool:
        """Whether it is a generator whose arrays' shapes tell its arguments."""
        return our_network_name(self.network) == "StyleGAN2Generator"


def _ffhq(size: int) -> Arguments:
    return {"size": size, "style_dim": 512, "n_mlp": 8, "channel_multiplier": 2}


_FFHQ_FACTS = {
    "title": "StyleGAN2, configuration F, FFHQ faces at 1024 pixels (NVIDIA's, as PaddleGAN converted them)",
    "licence": "PaddleGAN states none for this file; NVIDIA released the network under its Source Code License-NC, "
    "which excludes commercial use",
    "data": "FFHQ: 70,000 photos from Flickr, aligned (Karras et al. 2019); CC BY-NC-SA 4.0",
    "limits": "Aligned, mostly frontal faces; people whom Flickr shows seldom are drawn worse. A picture takes "
    "seconds on a CPU.",
}
_ANIME_FACTS = {
    "title": "StyleGAN2, anime faces at 512 pixels (PaddleGAN's)",
    "licence": "not stated by PaddleGAN; ask before using pictures commercially",
    "data": "drawn faces; PaddleGAN does not say whose",
    "limits": "Drawn faces alone: photos cannot be projected into it in any useful way.",
}
_RESNET = {"input_nc": 3, "output_nc": 3, "ngf": 64, "n_blocks": 9, "norm_type": "instance"}
_UNET = {"input_nc": 3, "output_nc": 3, "num_downs": 8, "ngf": 64, "norm_type": "batch"}

PUBLISHED: dict[str, Published] = {
    "paddlegan-photo2cartoon": Published("photo2cartoon_genA2B_weight.pdparams", "ResnetUGATITP2CGenerator"),
    "ffhq-config-f": Published(
        "stylegan2-ffhq-config-f.pdparams", "StyleGANv2Generator", _ffhq(1024), facts=_FFHQ_FACTS
    ),
    "animeface-512": Published(
        "stylegan2-animeface-512.pdparams", "StyleGANv2Generator", _ffhq(512), facts=_ANIME_FACTS
    ),
    "selfie2anime": Published(
        "ugatit_light.pdparams", "ResnetUGATITGenerator",
        {"ngf": 64, "n_blocks": 4, "img_size": 256, "light": True}, "genA2B",
    ),
    "horse2zebra": Published("CycleGAN_horse2zebra.pdparams", "ResnetGenerator", _RESNET, "netG_A"),
    "cyclegan-cityscapes": Published("CycleGAN_cityscapes.pdparams", "ResnetGenerator", _RESNET, "netG_A"),
    "facades": Published("Pixel2Pixel_facades.pdparams", "UnetGenerator", _UNET, "netG"),
    "pix2pix-cityscapes": Published("Pix2Pix_cityscapes.pdparams", "UnetGenerator", _UNET, "netG"),
}  # fmt: skip


#: The published networks, and by a model's name the photo-to-picture generator that PaddleGAN's config of it trains.
KNOWN = {
    **PUBLISHED,
    "photo2cartoon": Published("", "ResnetUGATITP2CGenerator", key="genA2B"),
    "ugatit": PUBLISHED["selfie2anime"],
    "cyclegan": PUBLISHED["horse2zebra"],
    "pix2pix": PUBLISHED["facades"],
}


def card(name: str) -> Facts:
    """The card of a published network, `name` a key of PUBLISHED: where it lies, and what is known of it."""
    item = PUBLISHED[name]
    return {
        "title": item.facts.get("title", f"PaddleGAN's {item.network}, {item.file}"),
        "url": item.url,
        "network": f"{item.network}({', '.join(f'{k}={v!r}' for k, v in item.arguments.items())})",
        **{key: item.facts.get(key, "not stated by PaddleGAN") for key in ("licence", "data")},
        "command": "none: it is fetched at first use and kept in the cache folder. No checksum was published, so the "
        "first download is trusted; its size and SHA-256 are recorded beside it and verified ever after.",
        "scores": "not measured by ppgen",
        "limits": item.facts.get("limits", "see PaddleGAN's documentation"),
    }


def fetch_on_trust(url: str, timeout: float = 30.0) -> Path:
    """A local copy of a file without a published checksum; one that was put there by hand is recorded and used.

    Raises:
        DownloadError: it cannot be reached, or the copy is not the file that was first downloaded.
    """
    target = cache_folder() / "paddlegan" / Path(urlsplit(url).path).name
    record = target.with_name(target.name + ".json")
    if not (target.is_file() and record.is_file()):
        if not target.is_file():
            _download(url, target, timeout)
        else:
            _check_weights(url, target, f"delete {target}, and put the whole file there")
        write_json(record, {"url": url, "bytes": target.stat().st_size, "sha256": digest(target)})
        return target
    if _recorded(record) != digest(target):
        advice = f"delete it and {record.name} to fetch it anew, or {record.name} alone to use it as it is"
        raise DownloadError(f"{target}: is not the file that was downloaded; {advice}")
    return target


def _check_weights(url: str, file: Path, advice: str) -> None:
    """DownloadError, before it is recorded, for a file that holds no weights: a login page, or a half."""
    try:
        read_content(file)
    except WeightsError as error:
        reason = short(str(error).replace(str(file), "it"))
        raise DownloadError(f"{url}: gave no weights, but a login page, say, or a part ({reason}); {advice}") from error


def _recorded(record: Path) -> str | None:
    """The SHA-256 on record; None where the record is damaged."""
    try:
        return json.loads(record.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _download(url: str, target: Path, timeout: float) -> None:
    try:
        with atomic_path(target) as temporary:
            download(url, temporary, timeout)
            _check_weights(url, temporary, "nothing was kept; try again")
    except DownloadError as error:
        raise DownloadError(f"{error}; or put the file, fetched in another way, at {target}") from error


def build(published: Published) -> nn.Layer:
    """The network a published file fills, without its weights."""
    return NETWORKS.build({"name": published.network, **published.arguments})


def of_file(path: Path) -> Published | None:
    """What a file of this name is, if it is one of PaddleGAN's."""
    return next((item for item in PUBLISHED.values() if item.file == path.name), None)
