"""The page's files fit together: whatever one of them names is there, and none takes text for markup."""

import json
import re
from pathlib import Path

import pytest

from speakstream.server.pages import Pages

WEB = Path(__file__).parents[2] / "web_static"
NAMES = {path.name for path in WEB.iterdir()}
PAGES = sorted(name for name in NAMES if name.endswith(".html"))
MODULES = sorted(name for name in NAMES if name.endswith(".js"))
LARGEST = 100_000  # bytes: there is no build step that would make it smaller

IMPORT = re.compile(r"""(?:from|import|URL\()\s*["']\./([^"']+)["']""")
STATIC = re.compile(r"""["'](/static/[^"'#?]+|/sw\.js|/manifest\.webmanifest)["']""")


def read(name: str) -> str:
    return (WEB / name).read_text("utf-8")


def loaded_by(page: str) -> set[str]:
    """The modules of a page, each with those that it imports."""
    found, left = set[str](), re.findall(r'src="/static/([^"]+\.js)"', read(page))
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += IMPORT.findall(read(name))
    return found


@pytest.mark.parametrize("name", [*PAGES, *MODULES, "manifest.webmanifest"])
def test_what_it_names_is_there(name: str) -> None:
    text = read(name)
    for path in STATIC.findall(text):
        assert path.rpartition("/")[2] in NAMES, path
    for path in IMPORT.findall(text):
        assert path in NAMES, path


@pytest.mark.parametrize("page", PAGES)
def test_every_element_that_its_modules_ask_for_is_in_it(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', read(page))
    assert len(ids) == len(set(ids)), "an id stands there twice"
    for module in sorted(loaded_by(page)):
        if page != "index.html" and "byId" in read(module) and module not in ("debug.js", "audio-debug.js"):
            continue  # of the conversation's page; what the others use of it asks for no element
        for wanted in re.findall(r'byId\("([^"]+)"\)', read(module)):
            assert wanted in ids, f"{module} asks for #{wanted}"


@pytest.mark.parametrize("page", PAGES)
def test_its_labels_and_controls_name_elements_that_are_there(page: str) -> None:
    text = read(page)
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    for names in re.findall(r'\b(?:for|aria-controls|aria-labelledby|aria-describedby|popovertarget)="([^"]+)"', text):
        assert set(names.split()) <= ids, names


def test_every_icon_that_is_asked_for_is_drawn() -> None:
    drawn = set(re.findall(r"^  (\w+): \"", read("icons.js"), re.MULTILINE))
    asked = set(re.findall(r'data-icon="(\w+)"', read("index.html")))
    for module in MODULES:
        asked |= set(re.findall(r'\b(?:icon|iconButton)\("(\w+)"', read(module)))
    assert asked and asked <= drawn


@pytest.mark.parametrize("name", MODULES)
def test_no_module_reads_text_as_markup_or_as_a_program(name: str) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"on|srcdoc"
    )
    assert not re.search(forbidden, read(name))


@pytest.mark.parametrize("name", [*PAGES, *MODULES, *sorted(name for name in NAMES if name.endswith(".css"))])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    without_namespaces = read(name).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(?:https?:)?//[\w-]+\.[\w.-]+/""", without_namespaces)
    assert "@import" not in without_namespaces


def test_no_file_is_large_and_the_manifest_names_icons_of_the_size_that_it_says() -> None:
    assert all(path.stat().st_size < LARGEST for path in WEB.iterdir())
    for icon in json.loads(read("manifest.webmanifest"))["icons"]:
        if icon["type"] == "image/png":
            header = (WEB / icon["src"].rpartition("/")[2]).read_bytes()[16:24]
            width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:])
            assert icon["sizes"] == f"{width}x{height}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "text/javascript; charset=utf-8") for name in MODULES),
        *((name, "text/html; charset=utf-8") for name in PAGES),
        *((name, "text/css; charset=utf-8") for name in sorted(NAMES) if name.endswith(".css")),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icon.svg", "image/svg+xml"),
        ("icon-192.png", "image/png"),
    ],
)
def test_it_is_served_as_what_it_is(name: str, kind: str) -> None:
    """A browser runs no module, and uses no style sheet, of another type."""
    served = Pages().files[name]
    assert (served.type, served.content) == (kind, (WEB / name).read_bytes())
