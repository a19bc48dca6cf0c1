"""Networks leave ppgen: a graph, what has to be known of its input, and a script that runs it without ppgen."""

from ppgen.export.write import FORMATS, Exported, export

__all__ = ["FORMATS", "Exported", "export"]
