"""The only room that speaks SQL."""

from podtui.store.cards import AttemptCard, BatchCard, Counts, ImageCard, StepCard
from podtui.store.costs import Likeness, Spending
from podtui.store.news import Told
from podtui.store.store import Store, open_store

__all__ = [
    "AttemptCard",
    "BatchCard",
    "Counts",
    "ImageCard",
    "Likeness",
    "Spending",
    "StepCard",
    "Store",
    "Told",
    "open_store",
]
