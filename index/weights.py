"""What a match counts for. The same for every engine.

A word counts by the best place it stands in, a little more for the others (``TIE``).
"""

FIELDS = {"subject": 3.0, "sender": 2.0, "recipient": 1.5, "text": 1.0}
STEM, PARTS, COMPACT, FUZZY = 0.8, 1.5, 4.0, 0.5
TIE = 0.1
