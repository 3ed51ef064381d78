"""`python -m sandbox.oracle`: run the stand-in as a process of its own."""

from sandbox.oracle.server import main

if __name__ == "__main__":
    main()
