"""Sound: chunks, ring buffer, timeline, packer, resampling and the sinks that play or keep it."""
