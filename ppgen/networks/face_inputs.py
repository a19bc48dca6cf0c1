"""Sizes of what MediaPipe's networks read and say, for those who prepare it without importing Paddle."""

BLAZE_SIDE = 256  #: pixels of BlazeFace's pictures
#: Side of BlazeFace's maps and how many anchors each of their cells has.
BLAZE_MAPS = ((16, 2), (8, 6))
MESH_SIDE = 192  #: pixels of FaceMesh's crops
