"""What a handler gets as its first argument: a dict that can also name its run."""

from .channel import TITLE

LONGEST_TITLE = 200


class Context(dict):
    __slots__ = ("_channel", "_number")

    def set_title(self, title):
        """What this run is about, for those who look for it in a list; nothing once the run has ended."""
        if self._number is not None:
            text = str(title)[:LONGEST_TITLE]
            self._channel.post(TITLE, self._number, text.encode("utf-8", "replace"))

    setTitle = set_title

    @classmethod
    def of(cls, values, channel, number):
        context = cls(values)
        context._channel, context._number = channel, number
        return context

    def ended(self):
        self._number = None

    # A copy or a pickle of it is a plain dict.
    def __reduce__(self):
        return dict, (dict(self),)
