"""Build benchmark corpora as JSONL from the documentation in Debian packages: English prose, and documentation of all kinds.

    python benchmarks/make_corpus.py FOLDER [--packages anarchism fortunes ...]

Downloads with `apt-get download`, unpacks with `dpkg -x`, and writes FOLDER/prose.jsonl and FOLDER/mixed.jsonl, one text per line
with the file it came from. HTML is reduced to its text, roff manual pages to theirs.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

PROSE = ("anarchism", "fortunes", "fortunes-bofh-excuses", "fortune-anarchism", "doc-rfc-fyi-bcp", "jargon-text", "bible-kjv-text")
MIXED = (
    *("gnome-user-docs", "gimp-help-en", "libreoffice-help-en-us", "git-doc", "postgresql-doc", "postgresql-doc-17", "postgresql-doc-15"),
    *("vim-doc", "debian-policy", "installation-guide-amd64", "debian-reference-en", "developers-reference", "maint-guide", "python3-doc"),
    *(
        "manpages",
        "manpages-de",
        "manpages-fr",
        "manpages-es",
        "manpages-ru",
        "aptitude-doc-en",
        "apt-doc",
        "gawk-doc",
        "emacs-common-non-dfsg",
    ),
)
LARGEST = 8_000  # bytes; longer files are cut at blank lines into documents of about the size of a web page
SMALLEST = 200


class _Text(HTMLParser):
    """Collect what a reader would see, one line for each block."""

    BLOCKS = frozenset(["p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "dt", "dd", "title", "section"])

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")
        if tag in self.BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(" ".join(data.split(" ")).replace("\n", " "))


def from_html(source: str) -> str:
    """Give the text of an HTML page."""
    parser = _Text()
    parser.feed(source)
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def from_mallard(source: str) -> str:
    """Give the text of an XML help page."""
    return re.sub(r"\n\s*\n+", "\n\n", html.unescape(re.sub(r"<[^>]+>", "", source))).strip()


def from_roff(source: str) -> str:
    """Give the text of a manual page, roughly."""
    lines = [line for line in source.split("\n") if not line.startswith(('.\\"', "'\\\""))]
    lines = [re.sub(r"^\.[A-Za-z]+ ?", "", line) for line in lines]
    return re.sub(r"\\f[A-Z]|\\&|\\-", lambda m: "-" if m.group() == "\\-" else "", "\n".join(lines)).replace('"', "").strip()


def read(path: Path) -> str:
    """Read a file as text, without markup; empty for what is no text."""
    data = path.read_bytes()
    name = path.name
    if name.endswith(".gz"):
        data, name = gzip.decompress(data), name[:-3]
    if b"\0" in data[:4096]:
        return ""
    text = data.decode("utf-8", "replace")
    if name.endswith((".html", ".htm", ".xhtml")):
        return from_html(text)
    if name.endswith((".page", ".xml", ".docbook")):
        return from_mallard(text)
    return from_roff(text) if re.search(r"\.[1-9][a-z]*$", name) else text


def cut(text: str) -> Iterator[str]:
    """Cut a long text at blank lines."""
    part: list[str] = []
    size = 0
    for paragraph in text.split("\n\n"):
        part.append(paragraph)
        size += len(paragraph)
        if size > LARGEST:
            yield "\n\n".join(part)
            part, size = [], 0
    if part:
        yield "\n\n".join(part)


def documents(root: Path) -> Iterator[tuple[str, str]]:
    """Give the texts of everything readable under the documentation folders of an unpacked package."""
    for path in sorted(root.rglob("*")):
        if not path.is_file() or path.is_symlink() or not any(part in ("doc", "man", "help", "games", "vim") for part in path.parts):
            continue
        if path.suffix in (".png", ".svg", ".jpg", ".css", ".js", ".dat", ".pdf", ".gif", ".ico", ".zip"):
            continue
        if "fortune" in str(path):
            for number, quote in enumerate(read(path).split("\n%\n")):
                yield f"{path.name}#{number}", quote
            continue
        for number, part in enumerate(cut(read(path))):
            yield f"{path.relative_to(root)}#{number}", part


def unpack(packages: Iterable[str], folder: Path) -> list[Path]:
    """Download and unpack packages; one that the archive does not have is passed over."""
    roots = []
    for package in packages:
        root = folder / "unpacked" / package
        if not root.is_dir():
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, capture_output=True, check=False)
            found = sorted(folder.glob(f"{package}_*.deb"))
            if not found:
                print(f"  {package}: not in the archive")
                continue
            root.parent.mkdir(exist_ok=True)
            subprocess.run(["dpkg", "-x", str(found[-1]), str(root)], check=True)
            found[-1].unlink()
        roots.append(root)
    return roots


def write(target: Path, roots: Iterable[Path]) -> None:
    """Write the distinct documents of unpacked packages."""
    seen: set[str] = set()
    size = 0
    with target.open("w") as stream:
        for root in roots:
            for name, text in documents(root):
                if len(text) < SMALLEST or text in seen:
                    continue
                seen.add(text)
                size += len(text.encode())
                stream.write(json.dumps({"text": text, "source": f"{root.name}/{name}"}, ensure_ascii=False) + "\n")
    print(f"{target.name}: {len(seen)} documents, {size / 1e6:.1f} MB")


def main() -> None:
    """Download, unpack and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prose", nargs="*", default=PROSE)
    parser.add_argument("--mixed", nargs="*", default=MIXED)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    write(options.folder / "prose.jsonl", unpack(options.prose, options.folder))
    write(options.folder / "mixed.jsonl", unpack([*options.prose[:2], *options.mixed], options.folder))


if __name__ == "__main__":
    main()
