"""Counts and times of requests, in the text format that Prometheus reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds


class Metrics:
    """Of the requests for cartoons since the start."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        """A request that was answered with a status after so many seconds."""
        self.statuses[status] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def text(self, **now: int) -> str:
        """All of it; now: numbers as they are at present, by name."""
        lines = ["# TYPE ppgen_requests_total counter"]
        lines += [f'ppgen_requests_total{{status="{code}"}} {count}' for code, count in sorted(self.statuses.items())]
        lines.append("# TYPE ppgen_request_seconds histogram")
        below = 0
        for bound, count in zip((*_BUCKETS, "+Inf"), self._buckets):
            below += count
            lines.append(f'ppgen_request_seconds_bucket{{le="{bound}"}} {below}')
        lines += [f"ppgen_request_seconds_sum {self._seconds:.3f}", f"ppgen_request_seconds_count {below}"]
        for name, value in now.items():
            lines += [f"# TYPE ppgen_{name} gauge", f"ppgen_{name} {value}"]
        return "\n".join(lines) + "\n"
