"""Every failure that a person can be told about: title, cause, next step.

The tree::

    PodtuiError            something a person is told
    ├── BadInput           a field or an argument is wrong; nothing was changed
    ├── SettingsError      the settings cannot be used as they are
    ├── LibraryError       the store or a file of it cannot be used
    │   ├── LibraryBusy    another program holds it for too long
    │   ├── LibraryTooNew  a newer podtui made it
    │   └── DiskFull       no room for what would have to be written
    ├── PictureError       bytes that are no usable picture
    ├── ServiceError       this request went wrong; the rest may go on
    │   ├── NotSent        surely never reached the service: free, may be tried again
    │   ├── SlowDown       the service asks to wait (429)
    │   ├── Rejected       turned away before the queue: free, pointless to repeat as it is
    │   ├── Ambiguous      may or may not have been accepted: never repeated silently
    │   ├── Unreadable     an answer that cannot be understood; its bytes are kept
    │   ├── Vanished       the service knows nothing of this job (any more)
    │   └── BadLink        a picture's address that podtui will not open, or that does not answer
    └── Refused            nothing can go on: no key, no endpoint, no credit
"""


class PodtuiError(Exception):
    """Something a person is told: what happened, why, and what to do next.

    The texts may quote what a service said; they pass ``text.clean`` before they are drawn.
    """

    exit_code = 1

    def __init__(self, title: str, cause: str = "", next_step: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.cause, self.next_step) if part)


class BadInput(PodtuiError):
    """A field or an argument is wrong; nothing was changed."""

    exit_code = 2

    def __init__(self, title: str, cause: str = "", next_step: str = "", *, field: str = "") -> None:
        super().__init__(title, cause, next_step)
        self.field = field


class SettingsError(PodtuiError):
    """The settings cannot be used as they are; never quotes a value."""

    exit_code = 2


class LibraryError(PodtuiError):
    """The store or one of its files cannot be used."""


class LibraryBusy(LibraryError):
    """Another program holds the library for too long."""


class LibraryTooNew(LibraryError):
    """A newer podtui made this library."""


class DiskFull(LibraryError):
    """There is no room for what would have to be written."""


class PictureError(PodtuiError):
    """Bytes that are no usable picture.

    ``kind`` is ``damaged`` (cut or bit-flipped), ``too_large`` (over 64 megapixels or 64 MB)
    or ``format`` (not PNG, JPEG or WebP).
    """

    def __init__(self, title: str, cause: str = "", next_step: str = "", *, kind: str = "damaged") -> None:
        super().__init__(title, cause, next_step)
        self.kind = kind


class ServiceError(PodtuiError):
    """This request went wrong; the rest may go on."""


class NotSent(ServiceError):
    """The request surely never reached the service: free, and may be tried again."""


class SlowDown(ServiceError):
    """The service asks to wait; ``retry_after_s`` is None where it did not say how long."""

    def __init__(
        self, title: str, cause: str = "", next_step: str = "", *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(title, cause, next_step)
        self.retry_after_s = retry_after_s


class Rejected(ServiceError):
    """Turned away before the queue: free, and pointless to repeat as it is."""


class Ambiguous(ServiceError):
    """The request may or may not have been accepted: never repeated silently. ``raw`` is what came back."""

    def __init__(self, title: str, cause: str = "", next_step: str = "", *, raw: bytes = b"") -> None:
        super().__init__(title, cause, next_step)
        self.raw = raw


class Unreadable(ServiceError):
    """An answer that cannot be understood; its bytes are kept in the spool."""


class Vanished(ServiceError):
    """The service knows nothing of this job: too young, or expired."""


class BadLink(ServiceError):
    """A picture's address that podtui will not open, or that does not answer.

    ``is_refused`` means that podtui itself will not open it; else the host refused (expired, 403, 404).
    """

    def __init__(self, title: str, cause: str = "", next_step: str = "", *, is_refused: bool = False) -> None:
        super().__init__(title, cause, next_step)
        self.is_refused = is_refused


class Refused(PodtuiError):
    """Nothing can go on: the key, the endpoint or the credit was refused.

    ``kind`` is ``key``, ``endpoint``, ``budget``, ``scaled_to_zero`` or ``circuit``.
    """

    def __init__(self, title: str, cause: str = "", next_step: str = "", *, kind: str = "key") -> None:
        super().__init__(title, cause, next_step)
        self.kind = kind
