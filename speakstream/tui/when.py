"""A moment as a list tells of it: short, and the shorter the nearer it is. Pure."""

from datetime import datetime, timedelta


def when(moment: float, now: datetime) -> str:
    """ "today 14:03", "yesterday", "Mon", "3 Nov", "3 Nov 2024". ``moment``: seconds since 1970.

    In the time zone of ``now``, or in local time when it names none.
    """
    then = datetime.fromtimestamp(moment, now.tzinfo)
    days = (now.date() - then.date()) // timedelta(days=1)
    if days == 0:
        return f"today {then.hour}:{then.minute:02}"
    if days == 1:
        return "yesterday"
    if 1 < days < 7:
        return _DAYS[then.weekday()]
    date = f"{then.day} {_MONTHS[then.month - 1]}"
    return date if then.year == now.year else f"{date} {then.year}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
