"""`python -m book`: build the book into `artifacts/book`; `python -m book install` only fetches what npm has for it."""

from __future__ import annotations

import sys

from book import building, sources


def main(words: list[str]) -> int:
    """Install, export the engine, write the sources, build; the exit code."""
    building.install()
    if words == ["install"]:
        return 0
    building.engine()
    building.stage()
    sources.write(building.SOURCE)
    code = building.build()
    if not code:
        building.add_one_file()
        print(f"{building.OUT / 'index.html'}\nread it with: styletools book")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
