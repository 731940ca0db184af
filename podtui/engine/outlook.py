"""Why a job waits, read from an endpoint's health, in words a person can act on."""

from podtui.clients.backend import EndpointFacts, Health

SCALED_TO_ZERO = "The endpoint may start no workers (max workers is 0)"
RAISE_IT = "RunPod sets it to 0 after 7 days without requests; raise max workers in the endpoint's settings."


def why_it_waits(health: Health) -> str:
    """Say why nothing has started yet."""
    if health.max_workers == 0:
        return "the endpoint is scaled to zero: raise its max workers at RunPod"
    if health.unhealthy and not (health.running or health.idle or health.initializing):
        return f"{_workers(health.unhealthy)} keep crashing: look at the endpoint's worker logs"
    if health.initializing:
        return f"cold start: {_workers(health.initializing)} initializing"
    if health.throttled and not (health.running or health.idle):
        return "throttled: RunPod has no GPU free for this endpoint"
    if health.workers == 0:
        return "no worker yet: waiting for a GPU"
    if health.running and health.in_queue:
        return f"{health.in_queue} in the queue before {_workers(health.running)}"
    return "waiting for a worker"


def is_cold(health: Health) -> bool | None:
    """Tell whether no worker is warm; None where the endpoint does not say."""
    warm = [health.idle, health.ready, health.running]
    known = [count for count in warm if count is not None]
    return not any(known) if known else None


def endpoint_words(health: Health, facts: EndpointFacts | None) -> str:
    """How the endpoint's workers are: ``1 of 3 workers``, ``no worker warm``."""
    most = facts.max_workers if facts else health.max_workers
    up = sum(count for count in (health.idle, health.running) if count)
    known = health.workers is not None
    if not known:
        return ""
    parts = [f"{up} of {_workers(most)}" if most else f"{_workers(up)} up"]
    for count, word in (
        (health.initializing, "initializing"),
        (health.throttled, "throttled"),
        (health.unhealthy, "unhealthy"),
    ):
        if count:
            parts.append(f"{count} {word}")
    if health.in_queue:
        parts.append(f"{health.in_queue} in the queue")
    return " · ".join(parts)


def _workers(count: int) -> str:
    return f"{count} worker" + ("" if count == 1 else "s")
