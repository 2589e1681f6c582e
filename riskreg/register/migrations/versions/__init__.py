"""One file a revision, named v0001, v0002, … and listed in `riskreg.register.database.REVISIONS`."""
