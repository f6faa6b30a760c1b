"""``speakstream doctor``: whether SpeakStream will work on this machine, and what to do where it won't."""
