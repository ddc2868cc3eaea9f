"""Sentences in the place of a page that cannot be shown. Pure."""

from emulator.words.text import Text

NOT_UNDERSTOOD = (Text("that was not understood"), Text("Go back to the page, and try it there once more."))

TITLES = {
    404: (Text("there is no such page"), Text("The address may be old, or mistyped.")),
    405: (Text("not by this way"), Text("Nothing was done: only the buttons of the page change something.")),
    413: (Text("that was too much"), Text("Nothing was done: the request was larger than the page ever sends.")),
}
"""HTTP status → title, and what a person may do."""

ELSEWHERE = (
    Text("the alarm is at another address"),
    Text("Anybody could have made this name. So nothing is shown here, and nothing can be pressed."),
)
"""Title and text for a browser that came by a name which is not ours."""
