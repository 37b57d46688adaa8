"""`python -m lambdalint`."""

from lambdalint.cli import main

main()
