from speakstream.server import wire
from tests.server.hosted import Hosted, poll, samples


def test_first() -> None:
    with Hosted() as hosted:
        guest = hosted.guest()
        guest.send(wire.Ask("Hello"))
        ended = guest.hear()
        print(*guest.got, sep="\n")
        assert ended["message"]["reason"] == "finished"
        assert samples(guest.sound(1))
        guest.send(wire.Ask("Hello"))
        guest.frame()
        guest.send(wire.Cancel(2, 100))
        print(guest.until("ended"))
        guest.leave()
        poll(lambda: hosted.seats() == 0)
