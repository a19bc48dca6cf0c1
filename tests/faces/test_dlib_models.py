"""dlib's detector out of the cache sees what dlib's own does."""

import pytest

from ppgen.faces.dlib_models import face_detector

dlib = pytest.importorskip("dlib", reason="dlib is not installed")


def test_the_kept_detector_is_dlib_s(monkeypatch, tmp_path, astronaut):
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path))
    face_detector.cache_clear()
    seen = [face_detector().run(astronaut, 0, 0.0)]
    assert len(list((tmp_path / "graphs").iterdir())) == 1
    monkeypatch.setattr(dlib, "get_frontal_face_detector", None)  # which is not asked again
    face_detector.cache_clear()
    seen.append(face_detector().run(astronaut, 0, 0.0))
    face_detector.cache_clear()
    boxes = [[(b.left(), b.top(), b.right(), b.bottom()) for b in rectangles] for rectangles, _, _ in seen]
    assert boxes[0] == boxes[1] and len(boxes[0]) == 1 and list(seen[0][1]) == list(seen[1][1])
