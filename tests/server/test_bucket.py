"""How often something may be done."""

from speakstream.server.bucket import Bucket, Buckets


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


def test_what_is_owed_is_paid_by_waiting_and_who_would_wait_too_long_owes_no_more_for_it() -> None:
    now = 100.0
    tokens = Bucket(2.0, 3.0, lambda: now)
    assert [tokens.owe() for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 1.0]
    assert tokens.owe(at_most=1.4) is None
    assert tokens.owe(3.0) == 2.5
    now += 2.5
    assert tokens.owe() == 0.5, "all was paid, and nothing is left over"


def test_each_address_has_its_own_and_those_that_came_last_are_remembered() -> None:
    buckets = Buckets(1.0, 1.0, 2, lambda: 100.0)
    assert buckets.of("a").take() and buckets.of("b").take()
    assert not buckets.of("a").take()
    assert buckets.of("c").take()
    assert len(buckets) == 2
    assert not buckets.of("a").take(), "it came after b"
    assert buckets.of("b").take(), "it was forgotten"
