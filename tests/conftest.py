"""Fixtures that every room's tests share."""

pytest_plugins = ["tests.rig.fixtures"]
