"""Looks at endpoints when somebody wishes it, and remembers their settings and price for a while."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from podtui.clients.backend import Backend, EndpointFacts, Health
from podtui.clock import Clock
from podtui.engine.outlook import RAISE_IT, SCALED_TO_ZERO, endpoint_words, is_cold
from podtui.errors import PodtuiError
from podtui.look import Look
from podtui.settings import Settings
from podtui.store import Store
from podtui.words import BackendKind

_FRESH_S = 300.0
"""How long an endpoint's settings and price are taken as known (REST v2 allows 60 calls a minute)."""


class Looker:
    """The runner's eyes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        backends: Callable[[BackendKind, str, Settings], AbstractAsyncContextManager[Backend]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._backends = backends
        self._facts: dict[str, tuple[float, EndpointFacts | None]] = {}
        self.words = ""
        """How the endpoint was when it was last looked at."""

    async def facts(self, backend: Backend, endpoint: str) -> EndpointFacts | None:
        """The endpoint's settings and price, asked for at most every five minutes."""
        known = self._facts.get(endpoint)
        now = self._clock.boot_s()
        if known is None or now - known[0] > _FRESH_S:
            known = (now, await backend.facts())
            self._facts[endpoint] = known
        return known[1]

    async def work(self, settings: Settings) -> None:
        """Answer the newest wish to look, if there is one."""
        wish = self._store.looks.pending()
        if wish is not None:
            self._store.looks.answer(await self._look(wish, settings))

    async def _look(self, wish: int, settings: Settings) -> Look:
        endpoint, at_ms = settings.endpoint, self._clock.now_ms()
        if settings.missing:
            return Look(
                wish=wish,
                at_ms=at_ms,
                endpoint=endpoint,
                is_well=False,
                title="Something is not set",
                cause="; ".join(settings.missing),
                next_step="Fill it in the settings.",
            )
        try:
            async with self._backends(settings.backend_kind, endpoint, settings) as backend:
                self._facts.pop(endpoint, None)
                facts = await self.facts(backend, endpoint)
                health = await backend.health()
        except PodtuiError as error:
            return Look(
                wish=wish,
                at_ms=at_ms,
                endpoint=endpoint,
                is_well=False,
                title=error.title,
                cause=error.cause,
                next_step=error.next_step,
            )
        return self._seen(wish, at_ms, endpoint, health, facts)

    def _seen(
        self, wish: int, at_ms: int, endpoint: str, health: Health, facts: EndpointFacts | None
    ) -> Look:
        most = facts.max_workers if facts else health.max_workers
        self.words = endpoint_words(health, facts)
        is_dead = most == 0
        return Look(
            wish=wish,
            at_ms=at_ms,
            endpoint=endpoint,
            is_well=not is_dead,
            title=SCALED_TO_ZERO if is_dead else "Endpoint ready",
            next_step=RAISE_IT if is_dead else "",
            words=self.words,
            max_workers=most,
            is_cold=is_cold(health),
            price_microdollars_per_s=facts.price_microdollars_per_s if facts else None,
            idle_timeout_s=facts.idle_timeout_s if facts else None,
        )
