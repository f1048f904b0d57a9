"""The parts of the Python guest, see main.py."""
