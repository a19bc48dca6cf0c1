"""What `light` multiplies its features by, found on training portraits.

These numbers come from a prototype of `tools/fit_artist_light.py` that sampled portraits and lights in another way; the
tool has the same method, and its numbers will differ a little.
"""

import numpy as np

# a row for each feature: the usual value, its deviation, and what one unit of it adds to L*, a*, b* of the skin
_TABLE = np.array([
    (-2.002, 0.795, 0.100, 0.104, 0.054),  # skin Y
    (1.166, 0.393, 0.616, 0.783, 0.435),  # skin R/G
    (-0.590, 0.473, 2.635, 0.648, -0.526),  # skin B/G
    (0.071, 0.576, -0.001, -0.680, -0.492),  # eye white Y
    (-0.465, 0.275, 1.981, -4.530, -0.417),  # eye white R/G
    (0.367, 0.257, -5.657, 3.252, 18.058),  # eye white B/G
    (-0.291, 0.445, -4.555, 1.360, -1.028),  # lip Y
    (0.412, 0.470, 0.272, -0.347, -0.668),  # lip R/G
    (0.412, 0.286, 0.329, 3.134, 1.156),  # lip B/G
    (-1.199, 1.343, 0.715, 0.376, 0.407),  # hair Y
    (-0.278, 0.388, 1.458, -0.184, -2.129),  # hair R/G
    (0.133, 0.388, -1.326, -1.488, -3.320),  # hair B/G
    (-0.923, 1.092, 2.675, 0.291, 0.247),  # room Y
    (-1.196, 0.528, 0.793, -1.257, 0.611),  # room R/G
    (1.015, 0.574, 2.354, 2.286, 3.917),  # room B/G
    (1.336, 0.581, -0.922, -0.251, -0.209),  # whites Y
    (1.150, 0.524, -3.390, -0.750, -1.582),  # teeth Y
    (-3.603, 0.947, -1.287, 0.326, 0.662),  # eye dark Y
    (0.783, 0.297, -5.831, -4.313, -3.404),  # spread
    (-0.418, 0.535, -12.315, -2.171, -0.847),  # whole Y
])  # fmt: skip
USUAL, SPREAD, OWN = _TABLE[:, 0], _TABLE[:, 1], _TABLE[:, 2:]
MIDDLE = np.array([58.69, 18.69, 19.76])  # L*a*b* of skin whose features are all as usual
