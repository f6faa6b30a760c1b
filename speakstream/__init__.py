"""SpeakStream: hear a local language model answer while it is still writing."""

__version__ = "0.1.0"
