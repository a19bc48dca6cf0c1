"""Folders and lists of photos on all cores, or on a Ray cluster: what is done is logged, and not done again.

`run_folder` does it; `Work` says what becomes of each photo; `serial`, `Processes` and `RayActors` say who does it.
"""

from ppgen.apps.folders.log import Entry
from ppgen.apps.folders.photos import Shard, list_photos
from ppgen.apps.folders.pool import Processes
from ppgen.apps.folders.run import FolderReport, Interrupted, run_folder, serial
from ppgen.apps.folders.work import Work

__all__ = ["Entry", "FolderReport", "Interrupted", "Processes", "Shard", "Work", "list_photos", "run_folder", "serial"]
