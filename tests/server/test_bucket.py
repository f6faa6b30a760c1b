"""How often something may be done."""

from speakstream.server.bucket import Bucket


def test_so_many_at_once_and_then_as_often_as_the_rate_says() -> None:
    now = 100.0
    tokens = Bucket(2.0, 3.0, lambda: now)
    assert [tokens.take() for _ in range(4)] == [True, True, True, False]
    now += 0.4
    assert not tokens.take(), "not yet; and to ask costs nothing"
    now += 0.1
    assert [tokens.take() for _ in range(2)] == [True, False]
    now += 1000.0
    assert [tokens.take() for _ in range(4)] == [True, True, True, False], "a long rest saves up no more"
