"""Run networks fast: their graph, exported once and kept, by ONNX Runtime; eager Paddle where there is none.

`compiled(network, example)` is for a network in hand, `ppgen.hub.compiled` for one by name or file, which imports no
Paddle where the graph is known. `PPGEN_RUNTIME` and `PPGEN_THREADS` choose, see `ppgen.runtime.backend` and `threads`.
"""

from ppgen.runtime.backend import backend
from ppgen.runtime.compiled import Methods, compiled
from ppgen.runtime.threads import later, set_threads, threads

__all__ = ["Methods", "backend", "compiled", "later", "set_threads", "threads"]
