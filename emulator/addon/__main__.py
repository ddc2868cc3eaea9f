"""`python -m emulator.addon`, with the options of the add-on as its standard input."""

from emulator.addon.start import main

main()
