"""What the pictures of the chat show: conversations written for them, and when they were had."""

from datetime import datetime

NOW = datetime(2026, 11, 23, 14, 5)
"""What the clock says in the pictures."""

SKY = """\
Sunlight is a mixture of all colours. On its way through the air, **blue** light is scattered far more than red: its \
waves are shorter, and the scattering grows with the *fourth power* of the frequency.

So blue comes to your eyes from every part of the sky, while red goes nearly straight on. In the evening the light has \
a longer way, most of the blue is gone, and the sun looks red."""

WORDS = """\
Read the file, split it at white space, and count what there is:

```python
from pathlib import Path

text = Path("notes.txt").read_text(encoding="utf-8")
print(len(text.split()))
```

Two things to know:

- `split()` without an argument takes **any** white space: spaces, tabs and line ends.
- A word with a hyphen, like *well-known*, counts as one.

| text | words |
| --- | --- |
| `one  two` | 2 |
| `well-known` | 1 |

To count how often each word comes, use a `Counter` from the module"""

SOUNDS = "argument takes"
"""Of these words in ``WORDS``, the first one sounds."""

STOPPED = """\
Boil the water first, and warm the pot with a little of it. Then put in one spoon of leaves for each cup, pour the \
water over them while it still boils, and wait for four minutes. Green tea wants cooler water, about eighty degrees, \
or it turns bitter."""

HEARD = "pour the water"
"""Up to here ``STOPPED`` was heard."""

Said = tuple[str, str, str]
"""A prompt, its reply, and how far that was heard; "": all of it."""

CONVERSATIONS: tuple[tuple[datetime, tuple[Said, ...]], ...] = (
    (
        datetime(2026, 9, 2, 20, 40),
        (("Tell me a bedtime story about a small dragon.", "Once there was a dragon who was afraid of the dark.", ""),),
    ),
    (
        datetime(2026, 11, 14, 9, 12),
        (("What should I pack for a weekend in the mountains?", "A warm layer, a rain jacket and a tea flask.", ""),),
    ),
    (
        datetime(2026, 11, 20, 18, 31),
        (("Why do cats purr?", "Often because they are content, but also to calm themselves.", ""),),
    ),
    (
        datetime(2026, 11, 22, 8, 3),
        (("How do I make a good cup of tea?", STOPPED, HEARD),),
    ),
    (
        datetime(2026, 11, 23, 14, 3),
        (("Why is the sky blue?", SKY, ""), ("How do I count the words of a file in Python?", WORDS, "")),
    ),
)
"""The oldest first. The last reply of all is being written, and spoken as ``SOUNDS`` says."""
