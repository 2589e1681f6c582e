"""The files of a workspace in and out; every fault located."""
