"""The main job: it introduces the rooms to each other, and decides nothing itself."""

from riskreg.pipeline.checking import check
from riskreg.pipeline.opening import open_register, open_workspace
from riskreg.pipeline.run import Report, ask, new_drill, run

__all__ = ["Report", "ask", "check", "new_drill", "open_register", "open_workspace", "run"]
