"""`python -m riskreg` is `riskreg`."""

from riskreg.cli import main

# Worker processes import this module again; only the first may run it.
if __name__ == "__main__":
    main(prog_name="riskreg")
