"""Textual's Pilot in tests that are plain functions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot


def run(app: App[Any], act: Callable[[Pilot[Any]], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """Run ``act`` against ``app`` on a screen of ``size`` columns and rows. What fails in either is raised."""

    async def running() -> None:
        async with app.run_test(size=size) as pilot:
            await act(pilot)

    asyncio.run(running())
