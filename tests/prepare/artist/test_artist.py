"""The artist on a made-up face, and on real portraits where they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppgen.errors import ConfigError, DataError
from ppgen.faces.colour import LINEAR, encoded, lab_to_rgb, rgb_to_lab
from ppgen.faces.skin import hull_mask
from ppgen.faces.typical import typical_landmarks
from ppgen.metrics.cartoon import lightness
from ppgen.prepare.artist import draw_cartoon
from ppgen.prepare.artist.beard import find_beard
from ppgen.prepare.artist.face import Face
from ppgen.prepare.artist.glasses import find_glasses
from ppgen.prepare.artist.hair import hair_tones
from ppgen.prepare.artist.hats import find_hat
from ppgen.prepare.artist.regions import find_regions
from ppgen.prepare.artist.style import AGE_GROUPS, GENDERS

SKIN, HAIR, SUIT = (66, 18, 20), (28, 6, 10), (22, 2, -8)
POINTS = typical_landmarks()


def paint(picture: np.ndarray, outline: np.ndarray, lab: tuple) -> None:
    cv2.fillPoly(picture, [np.rint(outline).astype(np.int32)], [float(v) for v in lab_to_rgb(lab)])


def portrait(skin: tuple = SKIN, hair: tuple | None = HAIR, beard: tuple | None = None, frame: bool = False,
    iris: tuple = (34, 6, 8),
):  # fmt: skip
    """A photo-like head with shoulders: (photo, mask)."""
    picture, mask = np.full((256, 256, 3), 90.0, np.float32), np.zeros((256, 256), np.uint8)
    turn = np.linspace(0, 2 * np.pi, 60)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    shoulders = np.array([[20, 256], [40, 236], [104, 222], [152, 222], [216, 236], [236, 256]])
    head = [128, 130] + circle * (65, 89)
    sides = [[200, 124], [180, 124], [174, 76], [82, 76], [76, 124]]
    cap = np.vstack([([128, 124] + circle * (72, 96))[30:], sides])
    face = Face(POINTS)
    for outline, lab in ((shoulders, SUIT), (np.array([[98, 190], [158, 190], [158, 232], [98, 232]]), skin)):
        paint(picture, outline, lab)
        cv2.fillPoly(mask, [outline.astype(np.int32)], 255)
    paint(picture, head, skin)
    cv2.fillPoly(mask, [np.rint(head).astype(np.int32)], 255)
    if hair is not None:
        paint(picture, cap, hair)
        cv2.fillPoly(mask, [np.rint(cap).astype(np.int32)], 255)
    if beard is not None:
        lower = np.vstack([POINTS[3:14], [[172, 161], [144, 160], [116, 160], [90, 161]]])
        paint(picture, lower, beard)
    paint(picture, face.lips(), (46, 34, 16))
    for first in (36, 42):
        eye = POINTS[first : first + 6]
        paint(picture, eye, (78, 2, 4))
        paint(picture, eye.mean(axis=0) + circle * 5, iris)
    for brow in (range(17, 22), range(22, 27)):
        cv2.polylines(picture, [np.rint(POINTS[list(brow)]).astype(np.int32)], False, [50.0, 34.0, 26.0], 5)
    if frame:
        for centre in face.eye_centres:
            cv2.ellipse(picture, (int(centre[0]), int(centre[1]) + 5), (24, 16), 0, 0, 360, [20.0, 20.0, 20.0], 2)
    noise = np.random.default_rng(0).normal(0, 2.0, picture.shape)
    photo = np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)
    return photo, mask.astype(np.float32) / 255


def skin_level(picture: np.ndarray) -> float:
    return float(np.median(lightness(picture)[hull_mask(picture.shape[:2], POINTS)]))


def test_a_drawing_on_white_and_always_the_same():
    photo, mask = portrait()
    one = draw_cartoon(photo, POINTS, mask)
    assert one.shape == (256, 256, 3) and one.dtype == np.uint8
    far = cv2.dilate((mask > 0.5).astype(np.uint8), np.ones((9, 9))) == 0
    assert (one[far] == 255).all() and (one[mask > 0.5] < 250).any(axis=-1).mean() > 0.9
    assert (one == draw_cartoon(photo.copy(), POINTS.copy(), mask.copy())).all()
    assert draw_cartoon(photo, POINTS, mask, size=512).shape == (512, 512, 3)


def test_input_size_hardly_matters():
    photo, mask = portrait()
    large = cv2.resize(photo, (512, 512), interpolation=cv2.INTER_CUBIC)
    doubled = draw_cartoon(large, (POINTS + 0.5) * 2 - 0.5, cv2.resize(mask, (512, 512)))
    assert np.abs(doubled.astype(int) - draw_cartoon(photo, POINTS, mask)).mean() < 4


def test_parts_are_told_apart():
    photo, mask = portrait()
    regions = find_regions(photo, mask, Face(POINTS))
    parts = (regions.skin, regions.neck, regions.hair, regions.clothes)
    assert (np.sum(parts, axis=0) == regions.person).all()
    assert regions.hair[45, 128] and regions.skin[150, 95] and regions.neck[226, 128] and regions.clothes[248, 60]
    assert np.abs(regions.skin_colour - SKIN).max() < 4
    bald = find_regions(*portrait(hair=None), Face(POINTS))
    assert bald.hair.sum() < 0.02 * bald.person.sum() and bald.skin[60, 128]


def test_skin_is_drawn_as_light_as_it_is():
    """Strictly rising with the photo's lightness, without jumps, and not far above it.

    Eyes, hair and backdrop stay as they are, so part of the change is taken for a change of light; and pale skin is
    drawn lighter than it is.
    """
    levels = [32, 45, 58, 72]
    drawn = [skin_level(draw_cartoon(*_with(portrait(skin=(level, 16, 18))))) for level in levels]
    rises = np.diff(drawn)
    assert (rises > 5).all() and (rises < 20).all()
    assert (np.array(drawn) > levels).all() and (np.array(drawn) - levels).max() < 27
    asked = draw_cartoon(*_with(portrait()), skin=(55, 16, 20))
    assert abs(skin_level(asked) - 55) < 6


@pytest.mark.parametrize("skin", [(70, 16, 18), (42, 16, 20)], ids=["light", "dark"])
def test_the_same_face_in_another_light_is_drawn_the_same(skin):
    photo, mask = portrait(skin=skin)
    lights, levels = {"plain": (1, 1, 1), "darker": (0.5,) * 3, "brighter": (1.6,) * 3, "cold": (0.75, 1, 1.4)}, {}
    for name, gains in lights.items():
        lit = encoded(LINEAR[photo] * np.array(gains, np.float32))
        drawn = draw_cartoon(lit, POINTS, mask)
        levels[name] = np.median(rgb_to_lab(drawn)[hull_mask(mask.shape, POINTS)], axis=0)
    apart = np.array(list(levels.values())) - levels["plain"]
    assert np.abs(apart[:, 0]).max() <= 5 and np.linalg.norm(apart[:, 1:], axis=1).max() <= 6


def test_large_drawings_have_lines_of_their_own():
    """Not an enlargement: a large drawing has edges that a small one, enlarged, cannot have."""
    made = _with(portrait())
    small, large = (draw_cartoon(*made, size=size) for size in (256, 1024))
    assert large.shape == (1024, 1024, 3)
    grown = cv2.resize(small, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    sharpest = [float(np.percentile(np.abs(np.diff(lightness(picture), axis=1)), 99.5)) for picture in (grown, large)]
    assert sharpest[1] > 1.35 * sharpest[0]
    shrunk = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small).mean() < 2


def test_nothing_is_drawn_below_the_photo():
    photo, mask = portrait()
    photo[230:], mask[230:] = 255, 0
    drawn = draw_cartoon(photo, POINTS, mask)
    assert (drawn[236:] == 255).all() and (drawn[222, 120:136] < 250).any(axis=-1).all()


def test_irises_have_the_hue_of_the_photo():
    hues = {}
    for name, lab in (("brown", (28, 12, 18)), ("blue", (45, -2, -22)), ("green", (42, -16, 16))):
        drawn = rgb_to_lab(draw_cartoon(*_with(portrait(iris=lab))))
        x, y = np.rint(POINTS[36:42].mean(axis=0)).astype(int)
        iris = drawn[y - 1 : y + 4, x - 5 : x + 6].reshape(-1, 3)
        between = (iris[:, 0] > 22) & (iris[:, 0] < 70)  # neither pupil nor white
        hues[name] = np.median(iris[between], axis=0)[1:]
    assert hues["blue"][1] < -4 and hues["brown"][1] > 4 and hues["brown"][0] > 4
    assert hues["green"][0] < -3 and hues["green"][1] > 3


def test_greyscale_photos_get_a_skin_colour():
    photo, mask = portrait()
    grey = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    cheek = draw_cartoon(grey, POINTS, mask)[145:155, 90:100].reshape(-1, 3).mean(axis=0)
    assert cheek[0] > cheek[2] + 20


def _with(made: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    photo, mask = made
    return photo, POINTS, mask


def test_styles_differ_where_they_should():
    made = _with(portrait())
    plain = draw_cartoon(*made, gender="M", age_group="middle").astype(int)
    cheek, eye, bag = np.s_[138:156, 78:102], np.s_[108:116, 84:112], np.s_[122:132, 94:110]
    young = draw_cartoon(*made, gender="M", age_group="young").astype(int)
    assert (young[cheek] - plain[cheek]).mean(axis=(0, 1))[0] > (young[cheek] - plain[cheek]).mean(axis=(0, 1))[1]
    woman = draw_cartoon(*made, gender="F", age_group="middle").astype(int)
    assert woman[eye].mean() < plain[eye].mean() - 0.5  # lashes
    senior = draw_cartoon(*made, gender="M", age_group="senior").astype(int)
    assert senior[bag].min() < plain[bag].min() - 3
    chin = np.s_[196:208, 118:140]
    unknown = draw_cartoon(*made).astype(int)
    assert np.abs(plain[chin] - unknown[chin]).mean() > 0.5  # the shade of a shaved beard


NEIGHBORS = [
    ("F young", "F middle"), ("F middle", "F senior"), ("M young", "M middle"), ("M middle", "M senior"),
    ("F young", "M young"), ("F middle", "M middle"), ("F senior", "M senior"),
]  # fmt: skip


@pytest.mark.parametrize("skin", [(74, 16, 18), (55, 16, 20), (36, 14, 16)], ids=["light", "medium", "dark"])
def test_groups_differ_at_the_size_generators_train_at(skin):
    """In the face at 128 pixels: neighbors in the tree by 1.5 levels of 255 or more, its far ends by 5."""
    made = _with(portrait(skin=skin))
    groups = [f"{gender} {age}" for gender in GENDERS for age in AGE_GROUPS]
    drawn = {group: draw_cartoon(*made, *group.split(), size=128).astype(int) for group in groups}
    face = cv2.resize(Face(POINTS).filled(Face(POINTS).oval).astype(np.uint8), (128, 128)) > 0
    for one, other in NEIGHBORS:
        assert np.abs(drawn[one] - drawn[other])[face].mean() >= 1.5, (one, other)
    assert np.abs(drawn["F young"] - drawn["M senior"])[face].mean() >= 5


def test_styles_keep_to_the_person_and_leave_the_eyes_open():
    made = _with(portrait())
    plain = draw_cartoon(*made).astype(int)
    away = cv2.dilate((made[2] > 0.5).astype(np.uint8), np.ones((9, 9))) == 0
    for gender in GENDERS:
        for age in AGE_GROUPS:
            drawn = draw_cartoon(*made, gender, age).astype(int)
            assert (drawn[away] == 255).all()
            for first in (36, 42):
                eye = Face(POINTS).filled(POINTS[first : first + 6])
                white = [int((picture[eye].min(axis=-1) > 200).sum()) for picture in (plain, drawn)]
                assert white[1] >= 0.8 * white[0]


def test_white_hair_in_warm_light_is_drawn_white():
    """A third of it is in the shade of a warm room; blond hair stays blond."""
    shine, shade = np.full((200, 3), (74.0, 1.0, 10.0)), np.full((100, 3), (34.0, 20.0, 24.0))
    mixed = np.vstack([shine, shade]) + np.random.default_rng(0).normal(0, 1, (300, 3))
    middle = hair_tones(mixed, expo=1.0).tones[1]
    assert middle[0] > 68 and np.hypot(*middle[1:]) < 9
    blond = hair_tones(np.random.default_rng(0).normal((66, 6, 22), 3, (300, 3)), expo=1.0).tones[1]
    assert np.hypot(*blond[1:]) > 18


@pytest.mark.parametrize("hair", [(78, 2, 4), (30, 3, 5)], ids=["white", "dark"])
def test_beards_are_found_and_not_invented(hair):
    face = Face(POINTS)
    for beard, there in ((hair, True), (None, False)):
        regions = find_regions(*portrait(beard=beard), face)
        found = find_beard(regions, face)
        assert found.beard.any() == there
    drawn = draw_cartoon(*_with(portrait(beard=hair)), gender="M")
    bare = draw_cartoon(*_with(portrait()), gender="M")
    chin = np.s_[196:208, 118:140]
    assert np.abs(drawn[chin].astype(int) - bare[chin]).mean() > 12
    woman = draw_cartoon(*_with(portrait(beard=hair)), gender="F")
    assert np.abs(woman[chin].astype(int) - drawn[chin]).mean() > 8


@pytest.mark.parametrize(
    ("cover", "locks", "hat"),
    [((40, -2, -30), (26, 6, 10), True), ((36, 12, 22), (36, 12, 22), False), ((40, -2, -30), (40, -2, -30), False)],
    ids=["blue cap", "brown hair", "hair dyed blue"],
)
def test_hats_are_cloth_and_hair_is_not(cover, locks, hat):
    face = Face(POINTS)
    y, x = np.mgrid[0:256, 0:256]
    hair = (np.hypot(x - 128, 0.9 * (y - 100)) < 75) & ~face.filled(face.oval) & (y < 140)
    lab = np.where((y < face.brow_y - 4)[..., None], np.float32(cover), np.float32(locks))
    found = find_hat(lab, hair, face)
    assert (found[hair & (y < face.brow_y - 12)].mean() > 0.9) == hat and (found & ~hair).sum() == 0
    assert hat or not found.any()


def test_stripes_are_cloth():
    face = Face(POINTS)
    y, x = np.mgrid[0:256, 0:256]
    hair = (np.hypot(x - 128, y - 100) < 75) & (y < face.brow_y - 10)
    stripes = np.where(((x // 7) % 2 == 0)[..., None], np.float32((92, 0, 1)), np.float32((12, 0, 0)))
    assert find_hat(stripes, hair, face).sum() > 0.9 * hair.sum()


def test_a_brim_goes_on_below_the_brows_and_locks_are_hair():
    """A striped hat with a black brim that hangs below the brows on one side; rough brown locks on the other."""
    face = Face(POINTS)
    y, x = np.mgrid[0:256, 0:256]
    cover, side = (np.hypot(x - 128, y - 100) < 75) & (y < face.brow_y), (y >= face.brow_y) & ~face.filled(face.oval)
    brim, locks = side & (x > 185) & (x < 215) & (y < face.brow_y + 30), side & (x > 40) & (x < 70) & (y < 150)
    striped = cover & (y < face.brow_y - 25) & ((x // 9) % 2 == 0)
    lab = np.where(striped[..., None], np.float32((92, 0, 1)), np.float32((14, 0, 0)))
    strands = np.random.default_rng(0).normal((18, 6, 8), (8, 1, 1), (256, 256, 3))
    lab = np.where(locks[..., None], strands.astype(np.float32), lab)
    found = find_hat(lab, cover | brim | locks, face)
    assert found[cover].mean() > 0.95 and found[brim].mean() > 0.9 and found[locks].mean() < 0.05
    grey = lab * np.float32((1, 0, 0))
    assert find_hat(grey, cover | brim | locks, face)[brim].mean() > 0.9


def test_hair_beside_a_lit_forehead_is_no_pattern():
    """Two shades far apart, the lighter one of the skin's colour."""
    face = Face(POINTS)
    y, x = np.mgrid[0:256, 0:256]
    hair = (np.hypot(x - 128, y - 100) < 75) & (y < face.brow_y - 10)
    lit = np.where((x > 128)[..., None], np.float32((76, 14, 10)), np.float32((12, 5, 5)))
    assert not find_hat(lit, hair, face).any()


def _in_grey(photo: np.ndarray) -> np.ndarray:
    return np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def test_grey_hair_stays_hair():
    """Hair and beard two thirds as light as the skin and as smooth: without colours that is no bald head."""
    photo, mask = portrait(skin=(60, 0, 0), hair=(42, 0, 0), beard=(40, 0, 0))
    regions = find_regions(_in_grey(photo), mask, Face(POINTS))
    assert regions.hair[45, 128] and regions.skin[150, 95] and regions.clothes[248, 60]
    photo, mask = portrait(skin=(60, 0, 0), hair=None)
    bald = find_regions(_in_grey(photo), mask, Face(POINTS))
    assert bald.hair.sum() < 0.02 * bald.person.sum()


def test_glasses_only_where_they_are():
    face = Face(POINTS)
    for frame in (True, False):
        photo, mask = portrait(frame=frame)
        regions = find_regions(photo, mask, face)
        assert (find_glasses(rgb_to_lab(photo), face, regions, sure=False) is not None) == frame
    spectacles = find_glasses(rgb_to_lab(portrait(frame=True)[0]), face, regions, sure=True)
    assert abs(spectacles.half_width - 24) < 5 and abs(spectacles.half_height - 16) < 5


@pytest.mark.parametrize("change", ["short mask", "few points", "one place", "nobody", "size", "likeness", "group"])
def test_bad_input_is_named(change):
    photo, mask = portrait()
    points, options, error = POINTS, {}, DataError
    if change == "short mask":
        mask = mask[:100]
    elif change == "few points":
        points = points[:60]
    elif change == "one place":
        points = points * 0 + 100
    elif change == "nobody":
        mask = mask * 0
    elif change == "size":
        options = {"size": 4000}
    elif change == "likeness":
        options, error = {"likeness": 5.0}, ConfigError
    else:
        options, error = {"age_group": "child"}, ConfigError
    with pytest.raises(error) as caught:
        draw_cartoon(photo, points, mask, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_real_portraits_are_recognized(shared):
    """Ten portraits among themselves; all 118 are measured by benchmarks/artist.py."""
    from ppgen.faces.identify import describe
    from ppgen.io.image import load_image, on_white

    root = shared("portraits/train")
    with np.load(root / "landmarks.npz") as archive:
        known = dict(zip(archive["ids"].tolist(), archive["p68"].astype(np.float64)))
    chosen = sorted(known)[::90][:10]
    photos, drawings = [], []
    for name in chosen:
        photo, mask = (
            load_image(root / "photo" / f"{name}.jpg"),
            load_image(root / "mask" / f"{name}.png")[..., 0] / 255,
        )
        photos.append(describe(on_white(photo, mask), known[name]))
        drawings.append(describe(draw_cartoon(photo, known[name], mask), known[name]))
    apart = np.linalg.norm(np.array(drawings)[:, None] - np.array(photos)[None], axis=-1)
    assert (apart.argmin(axis=1) == np.arange(len(chosen))).mean() >= 0.8


def test_likeness_brings_the_light_of_the_photo_into_the_face_alone():
    photo, mask = portrait()
    shaded = photo.copy()
    shaded[120:150, 90:120] = (0.8 * shaded[120:150, 90:120]).astype(np.uint8)  # a shade on one cheek
    flat, modelled = (draw_cartoon(shaded, POINTS, mask, likeness=share) for share in (0.0, 0.5))
    plain = draw_cartoon(shaded, POINTS, mask)
    assert (flat == plain).all()
    change = lightness(modelled) - lightness(flat)
    assert change[128:142, 96:114].mean() < -1 and abs(np.median(change[hull_mask(mask.shape, POINTS)])) < 1.5
    outside = (mask < 0.1) | (np.arange(256)[:, None] > 222)
    assert np.abs(modelled[outside].astype(int) - flat[outside]).max() <= 1


def test_a_shine_in_the_hair_is_no_skin():
    photo, mask = portrait()
    shining = photo.copy()
    cv2.ellipse(shining, (128, 38), (12, 5), 0, 0, 360, [float(v) for v in lab_to_rgb(SKIN)], -1)
    regions = find_regions(shining, mask, Face(POINTS))
    assert regions.hair[36:40, 122:134].all() and not regions.skin[:50].any()
    assert regions.skin[110:130, 110:146].mean() > 0.5
