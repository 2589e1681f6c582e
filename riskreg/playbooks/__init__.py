"""Playbooks: templates checked, and rendered for a situation or in their general form."""

from riskreg.playbooks.render import check, general, render

__all__ = ["check", "general", "render"]
