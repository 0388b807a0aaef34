"""The sample mail: letters as a mailroom scans them, with their truth."""
