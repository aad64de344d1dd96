"""`python -m asmosis.cli`: the console script, for an interpreter that is not on the path."""

from asmosis.cli.app import main

if __name__ == "__main__":
    main()
