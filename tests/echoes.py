"""Work for the server's tests, importable in worker processes: an answer is what was sent."""

from __future__ import annotations

import os
import signal
import time

from ppgen.serve.drawing import Answer, Cartoons, DrawnFace, Task


class Echoes(Cartoons):
    """Photos b"slow" and b"dies" do what they are called, b"waits" takes a second."""

    def open(self) -> Echo:
        return Echo()


class Echo:
    def warm_up(self) -> None:
        pass

    def __call__(self, task: Task) -> Answer:
        if task.photo == b"dies":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep({b"slow": 600.0, b"waits": 1.0}.get(task.photo, 0.0))
        if task.photo == b"nobody":
            return Answer(error="photo: no face", kind="NoFaceError")
        face = DrawnFace(task.photo, task.photo, (0.0, 0.0, 1.0, 1.0), 1.0, ("small face",), {"find": 0.1})
        return Answer((face,), seconds=0.1)
