"""Drills are tested on the same handwritten plan as playbooks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "playbooks"))
