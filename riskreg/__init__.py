"""riskreg: risk register and continuity planner for outsourced customer service, as code."""

__version__ = "0.1.0"
