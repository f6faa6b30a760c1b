"""The Textual client: not there yet."""
