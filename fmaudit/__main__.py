"""Lets `python -m fmaudit` work as the `fmaudit` command."""

from fmaudit.cli import main

if __name__ == "__main__":
    main()
