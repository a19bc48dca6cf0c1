"""Cartoons over HTTP: `ppgen serve`.

`drawing.py` is what a worker process does with a photo, `workers.py` hands photos to the processes, `api.py` says what
can be asked, `run.py` listens.
"""
