"""``python -m speakstream``."""

from speakstream.cli import main

main()
