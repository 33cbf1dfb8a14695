"""`python -m book`: build the book into `artifacts/book`."""

from __future__ import annotations

from book import building, sources


def main() -> int:
    """Install, write the sources, build; the exit code."""
    building.install()
    building.stage()
    sources.write(building.SOURCE)
    code = building.build()
    if not code:
        print(f"{building.OUT / 'index.html'}\nread it with: styletools book")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
