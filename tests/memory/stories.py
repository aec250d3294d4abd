"""Short neutral stories for the memory's tests."""

from __future__ import annotations

HARBOUR = """\
Ida Marlow came down to the harbour before the lamps were lit. Captain Vale stood on the quay, \
counting crates, and did not look up. "You are late," he said. Marlow laughed. "The train from Ostrava \
was late, and so I am."
He showed her the ledger. The crates belonged to Mr. Holt, who owned half of Saltburn and wanted the \
other half. Ida read the first page twice. Will Grace had signed it; she knew his hand.
They walked to the Blue Anchor. Grace was there, asleep over a plate of beans. When Vale woke him, Will \
looked at the two of them and said nothing. Outside the rain began. Nobody in Saltburn would remember \
that evening, but Ida Marlow did.
"""

#: long enough that names leave a window and come back
LONG = "".join(
    HARBOUR
    + f"The next day it rained again, and page {n} of the ledger was missing. The clerk shook his head, "
    "looked under the table, behind the stove and in the yard, and found only dust, a spoon and a dead "
    "match. It was the kind of morning on which nothing is found and everybody is hungry.\n"
    for n in range(1, 9)
)
