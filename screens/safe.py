"""The one door from untrusted text to the screen."""

from textual.content import Content

from podtui.text import clean


def safe(text: str, limit: int = 2000) -> Content:
    """Make any text drawable as it is: no control sequence, no markup, no link, no action.

    Args:
        text: anything a person or a service wrote.
        limit: the longest result in characters; what is longer is cut with an ellipsis.
    """
    return Content(clean(text, limit))
