import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.estimate import Estimate, PastJob, estimate, expected_s


def warm(seconds: float) -> PastJob:
    return PastJob(execution_ms=round(seconds * 1000), delay_ms=200, is_first=False)


def cold(seconds: float, wait_s: float) -> PastJob:
    return PastJob(execution_ms=round(seconds * 1000), delay_ms=round(wait_s * 1000), is_first=True)


@pytest.mark.parametrize(
    ("images", "words"),
    [(1, "about 60–90 s"), (5, "about 5–8 min"), (10, "about 10–15 min"), (25, "about 25–38 min")],
)
def test_before_there_is_history_the_guides_figures_are_used_and_said_to_be_an_estimate(
    images: int, words: str
) -> None:
    found = estimate(images, [])
    assert found.time_words == words
    assert not found.is_learned
    assert "estimate" in found.words


def test_a_batch_of_ten_reads_as_the_screen_draws_it() -> None:
    found = estimate(10, [], price_microdollars_per_s=200)
    assert (found.low_microdollars, found.high_microdollars) == (120_000, 180_000)
    assert f"{found.time_words} · {found.cost_words}" == "about 10–15 min · $0.12–0.18"


def test_without_a_price_the_cost_is_unknown_and_never_nothing() -> None:
    found = estimate(3, [])
    assert (found.low_microdollars, found.high_microdollars) == (None, None)
    assert found.cost_words == "cost unknown"


def test_one_job_is_not_enough_to_learn_from() -> None:
    assert not estimate(1, [warm(10)]).is_learned
    assert expected_s([warm(10)]) is None
    assert expected_s([]) is None


def test_history_is_learned_from() -> None:
    past = [warm(seconds) for seconds in (30, 31, 32, 33, 34)]
    found = estimate(4, past, price_microdollars_per_s=100)
    assert found.is_learned
    assert found.samples == 5
    assert 4 * 28 < found.low_s < 4 * 32 < found.high_s < 4 * 37
    assert "learned from 5 jobs" in found.words
    assert found.high_microdollars is not None
    assert 4 * 32 * 100 < found.high_microdollars < 4 * 37 * 100


def test_one_odd_job_does_not_set_the_estimate() -> None:
    past = [warm(30)] * 20 + [warm(600)]
    assert estimate(1, past).high_s < 40
    assert expected_s(past) == 30


def test_a_cold_start_counts_once_and_in_the_high_figure_only() -> None:
    past = [warm(30)] * 4 + [cold(30, 60)]
    found = estimate(2, past)
    assert found.low_s == pytest.approx(2 * 27)
    assert found.high_s == pytest.approx(2 * 33 + 60)


def test_what_one_job_takes_is_learned_from_warm_jobs_where_there_are_any() -> None:
    assert expected_s([cold(90, 60), warm(30), warm(32)]) == 31
    assert expected_s([cold(90, 60), cold(92, 60)]) == 91


def test_more_jobs_in_flight_take_less_time_and_idle_on_more_workers() -> None:
    one = estimate(10, [], price_microdollars_per_s=100, idle_timeout_s=5)
    three = estimate(10, [], in_flight=3, price_microdollars_per_s=100, idle_timeout_s=5)
    assert three.low_s == one.low_s * 4 / 10
    assert three.low_microdollars == one.low_microdollars
    assert one.high_microdollars == (10 * 90 + 5) * 100
    assert three.high_microdollars == (10 * 90 + 15) * 100


def test_hours_are_named_as_hours() -> None:
    assert Estimate(7200, 10_800, None, None, True, 9).time_words == "about 2.0–3.0 h"


@given(
    st.integers(1, 25),
    st.lists(st.builds(PastJob, st.integers(0, 10**7), st.integers(0, 10**7), st.booleans()), max_size=30),
    st.integers(1, 10),
    st.none() | st.integers(0, 10_000),
    st.none() | st.integers(0, 3600),
)
def test_an_estimate_goes_from_low_to_high(
    images: int, past: list[PastJob], in_flight: int, price: int | None, idle_s: int | None
) -> None:
    found = estimate(images, past, in_flight=in_flight, price_microdollars_per_s=price, idle_timeout_s=idle_s)
    assert 0 <= found.low_s <= found.high_s
    assert (found.low_microdollars is None) == (price is None) == (found.high_microdollars is None)
    if found.low_microdollars is not None and found.high_microdollars is not None:
        assert 0 <= found.low_microdollars <= found.high_microdollars
    assert found.is_learned == (len(past) >= 2)
    assert found.words.startswith("about ")
