"""Run the command line with ``python -m analogeq``."""

from analogeq.cli import main

if __name__ == "__main__":
    main()
