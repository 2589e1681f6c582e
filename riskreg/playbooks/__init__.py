"""A plan and a template become a text that people act on."""
