"""`python -m riskreg` is `riskreg`."""

from riskreg.cli import main

main(prog_name="riskreg")
