"""The server for the browser client: not there yet."""
