"""Where fetched weights are kept; the fetching itself is `ppgen.io.download`, which datasets use as well."""

from __future__ import annotations

from ppgen.io.download import cache_folder, digest, fetch

__all__ = ["cache_folder", "digest", "fetch"]
