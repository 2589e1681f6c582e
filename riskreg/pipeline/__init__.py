"""The main job: it introduces the rooms to each other, and decides nothing itself."""

from riskreg.pipeline.run import Report, ask, check, new_drill, open_register, open_workspace, run

__all__ = ["Report", "ask", "check", "new_drill", "open_register", "open_workspace", "run"]
