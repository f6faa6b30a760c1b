"""The files of the browser client: all of them, by exact name, and nothing else."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from speakstream.server.pages import TYPES, Pages, content_security_policy, page, web_static
from tests.server.asgi import Answer, ask

ROOT = Path(__file__).parents[2]


def served(folder: Path, path: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
    pages = Pages(folder)

    async def static(request: Request) -> Response:
        return pages.answer(request, request.path_params["name"])

    return ask(Starlette(routes=[Route("/static/{name:path}", static)]), f"/static/{path}", headers, method)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("not yours")
    inside = tmp_path / "web"
    inside.mkdir()
    (inside / "app.js").write_text("let a = 'é';")
    (inside / "notes.md").write_text("not for the browser")
    (inside / ".hidden").write_text("nor this")
    (inside / "sub.js").mkdir()
    return inside


def test_a_file_comes_with_its_type_and_its_tag(folder: Path) -> None:
    answer = served(folder, "app.js")
    assert (answer.status, answer.body) == (200, "let a = 'é';")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-length"] == str(len(answer.body.encode()))


def test_a_file_that_is_known_is_not_sent_again(folder: Path) -> None:
    tag = served(folder, "app.js").headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = served(folder, "app.js", ("if-none-match", known))
        assert (again.status, again.body, again.headers["etag"]) == (304, "", tag)
    (folder / "app.js").write_text("let a = 2;")
    assert served(folder, "app.js", ("if-none-match", tag)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "....//secret.txt", "..\\secret.txt"),
        *("/etc/passwd", "//etc/passwd", "app.js/../../secret.txt", "./app.js", "app.js/", "APP.JS", "app.js\x00.png"),
        *("notes.md", ".hidden", "sub.js", "", "__init__.py", "con", "app.js::$DATA"),
    ],
)
def test_nothing_but_the_files_can_be_had(folder: Path, path: str) -> None:
    answer = served(folder, path)
    assert answer.status == 404
    assert "not yours" not in answer.body
    assert str(folder) not in answer.body


def test_all_files_of_the_client_are_served() -> None:
    served_names = set(Pages().files)
    there = {path.name for path in (ROOT / "web_static").iterdir() if path.is_file()}
    assert served_names == there, f"of another type than {', '.join(TYPES)}"
    assert "index.html" in served_names
    assert web_static().joinpath("index.html").is_file()


def test_no_page_needs_what_the_policy_forbids() -> None:
    policy = content_security_policy()
    assert "unsafe" not in policy
    for name, file in Pages().files.items():
        if not name.endswith(".html"):
            continue
        text = file.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), f"{name}: an inline script"
        assert not re.search(r"<style|\sstyle=|\son\w+=", text), f"{name}: an inline style or handler"
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), f"{name}: from elsewhere"


def test_what_a_small_page_says_is_text() -> None:
    body = bytes(page(404, "<b>", "a & <script>alert(1)</script>").body).decode()
    assert "<b>" not in body and "<script>" not in body
    assert "&lt;script&gt;" in body
