import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.errors import BadInput
from podtui.plan import (
    Fields,
    Plan,
    build,
    cap_batch_size,
    defaults,
    draw_seeds,
    full_prompt,
    problems,
    random_seed,
    warnings,
    with_workflow,
)
from podtui.variants import Wildcards
from podtui.words import MAX_PROMPT, MAX_SEED, BackendKind, SeedPolicy
from podtui.workflow import load

FLUX = load("flux1-dev-fp8")
SDXL = load("sdxl")
SUFFIX = "high contrast, bold colors"


def planned(
    fields: Fields,
    *,
    backend: BackendKind = BackendKind.RUNPOD,
    wildcards: Wildcards | None = None,
    suffix: str = SUFFIX,
    in_flight: int = 1,
    budget: int | None = None,
) -> Plan:
    return build(
        fields,
        FLUX,
        suffix=suffix,
        wildcards=wildcards or {},
        backend=backend,
        endpoint="ep0example",
        in_flight=in_flight,
        budget_microdollars=budget,
    )


def wrong(**typed: str) -> dict[str, str]:
    return problems(dataclasses.replace(Fields(prompt="cat"), **typed), FLUX)


def test_the_defaults_are_the_guides_and_have_no_problem() -> None:
    fields = dataclasses.replace(defaults(FLUX), prompt="cat")
    assert fields == Fields(
        prompt="cat", batch_size="1", width="4500", height="5400", steps="30", cfg_scale="2.0", seed=""
    )
    assert problems(fields, FLUX) == {}
    assert warnings(fields, FLUX).keys() == {"workflow"}


def test_another_workflow_brings_its_own_steps_and_guidance() -> None:
    schnell = with_workflow(Fields(prompt="cat", width="3600"), load("flux1-schnell"))
    assert (schnell.workflow, schnell.steps, schnell.prompt, schnell.width) == (
        "flux1-schnell",
        "4",
        "cat",
        "3600",
    )
    assert (defaults(SDXL).steps, defaults(SDXL).cfg_scale) == ("30", "7.0")


BAD_NUMBERS = [
    "x",
    "true",
    "1e1",
    "२",
    "१०",
    "０",
    "2.5",
    "7,5",
    "+5",
    "-1",
    "--1",
    "0x10",
    "1_0",
    "",
    " ",
    "²",
]


@pytest.mark.parametrize("typed", ["0", "26", "100", "9" * 60, "1.0", "nan", "inf", *BAD_NUMBERS])
def test_i6_a_bad_batch_size_is_told_with_its_limits(typed: str) -> None:
    assert wrong(batch_size=typed) == {"batch_size": "1 to 25"}
    with pytest.raises(BadInput, match="1 to 25") as caught:
        planned(Fields(prompt="cat", batch_size=typed))
    assert caught.value.field == "batch_size"


@given(st.text(max_size=8))
def test_i6_a_batch_size_is_1_to_25_in_ascii_digits_or_refused(typed: str) -> None:
    stripped = typed.strip()
    is_fine = stripped.isascii() and stripped.isdigit() and 1 <= int(stripped) <= 25
    assert ("batch_size" not in wrong(batch_size=typed)) == is_fine


@pytest.mark.parametrize("typed", ["-1", str(2**64), "1.5", "0x10", "9" * 5000, "x", "٣"])
def test_i7_a_bad_seed_is_told_with_its_limits(typed: str) -> None:
    assert wrong(seed=typed) == {"seed": "0 to 18446744073709551615"}


@pytest.mark.parametrize("seed", [0, 1, 2**53 + 1, 2**63, MAX_SEED])
def test_i7_every_seed_a_sampler_takes_arrives_whole(seed: int) -> None:
    plan = planned(Fields(prompt="cat", seed=str(seed)))
    assert plan.seed == seed
    assert plan.images[0].seed == seed


@pytest.mark.parametrize(
    "typed", ["NaN", "nan", "inf", "-inf", "Infinity", "-1", "1e308", "1e1", "7,5", "101", "२", "", "1.2.3"]
)
def test_i8_a_bad_cfg_is_told_with_its_range(typed: str) -> None:
    assert wrong(cfg_scale=typed) == {"cfg_scale": "0 to 100, written like 2.0"}


@given(st.text("0123456789.,eE+-naif ", max_size=8))
def test_i8_a_cfg_that_passes_is_a_finite_number_in_range(typed: str) -> None:
    if "cfg_scale" in wrong(cfg_scale=typed):
        return
    plan = planned(Fields(prompt="cat", cfg_scale=typed))
    assert math.isfinite(plan.cfg_scale)
    assert 0 <= plan.cfg_scale <= 100


@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize("typed", ["1000000000", "0", "7", "63", "16385", *BAD_NUMBERS])
def test_i9_a_bad_size_is_told_with_its_limits(field: str, typed: str) -> None:
    assert wrong(**{field: typed}) == {field: "64 to 16384"}


@pytest.mark.parametrize("edge", [" ", "\t", "\n", "\x1c", "\x1f", "\x85", "\u2003"])
def test_white_space_round_a_number_is_passed_over(edge: str) -> None:
    numbers = ("batch_size", "width", "height", "steps", "cfg_scale", "seed")
    plain = Fields(prompt="cat", seed="1", seed_policy="sequence")
    typed = dataclasses.replace(plain, **{name: edge + getattr(plain, name) + edge for name in numbers})
    assert planned(typed) == planned(plain)


def test_i9_the_pixels_in_all_have_a_limit_too() -> None:
    assert wrong(width="8000", height="8000") == {}
    assert "64 megapixels" in wrong(width="8001", height="8000")["width"]


def test_i9_an_odd_size_is_kept_and_its_draft_is_a_multiple_of_16() -> None:
    plan = planned(Fields(prompt="cat", width="1025", height="1025"))
    assert (plan.width, plan.height, plan.draft_width, plan.draft_height) == (1025, 1025, 1024, 1024)


@pytest.mark.parametrize("typed", ["0", "101", "1000000", *BAD_NUMBERS])
def test_i9_bad_steps_are_told_with_the_models_limits(typed: str) -> None:
    assert wrong(steps=typed) == {"steps": "1 to 100"}


def test_i4_a_prompt_of_20000_characters_is_kept_whole_and_a_longer_one_refused_with_its_length() -> None:
    prompt = ("a\n\tb" * MAX_PROMPT)[: MAX_PROMPT - 1] + "z"
    assert planned(Fields(prompt=prompt), suffix="").images[0].prompt == prompt
    assert "100,000 characters; at most 20,000" in wrong(prompt="x" * 100_000)["prompt"]
    assert "characters" in warnings(Fields(prompt=prompt), FLUX)["prompt"]


def test_i4_a_wildcard_cannot_make_a_prompt_longer_than_that() -> None:
    with pytest.raises(BadInput, match="at most 20,000") as caught:
        planned(Fields(prompt="__a__" * 20), wildcards={"a": ("x" * 2000,)})
    assert caught.value.field == "prompt"


@pytest.mark.parametrize("field", ["prompt", "style", "genre", "negative"])
def test_i3_a_lone_surrogate_is_refused_before_storing(field: str) -> None:
    assert wrong(**{field: "a\ud800"}).keys() == {field}


@pytest.mark.parametrize("prompt", ["", "  ", "\n", ",", " , "])
def test_a_prompt_is_required(prompt: str) -> None:
    assert wrong(prompt=prompt) == {"prompt": "A prompt is needed"}


def test_every_bad_field_is_told_at_once_and_the_first_stops_the_batch() -> None:
    fields = Fields(
        prompt="{a", batch_size="0", width="x", steps="0", cfg_scale="x", seed="x", seed_policy="x"
    )
    assert list(problems(fields, FLUX)) == [
        "prompt", "batch_size", "width", "steps", "cfg_scale", "seed", "seed_policy",
    ]  # fmt: skip
    with pytest.raises(BadInput) as caught:
        planned(fields)
    assert caught.value.field == "prompt"
    assert problems(Fields(prompt="cat"), None) == {"workflow": "There is no such workflow"}


def test_an_unknown_wildcard_and_a_lone_brace_are_told_as_one_types() -> None:
    fields = Fields(prompt="a __animl__ cat")
    assert "__animal__?" in problems(fields, FLUX, {"animal": ("x",)})["prompt"]
    assert "place 3" in wrong(prompt="a {b")["prompt"]


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("neon cat", "digital art", "futuristic", SUFFIX),
         "neon cat, digital art style, futuristic genre, high contrast, bold colors"),
        (("cat", "", "", ""), "cat"),
        (("cat", " ", "\n", " , "), "cat"),
        (("cat,", "", "horror", ""), "cat, horror genre"),
        ((" cat , ", "ink,", "", ", bold"), "cat, ink style, bold"),
        (("cat", "art deco style", "Fantasy Genre", ""), "cat, art deco style, Fantasy Genre"),
        (("cat", "freestyle", "", ""), "cat, freestyle style"),
        (("cat", "", "", SUFFIX), "cat, high contrast, bold colors"),
    ],
)  # fmt: skip
def test_a_full_prompt_is_put_together_as_the_guide_has_it(
    parts: tuple[str, str, str, str], whole: str
) -> None:
    assert full_prompt(*parts) == whole


@given(st.text(", ab\n", max_size=10), st.text(", ab", max_size=6), st.text(", ab", max_size=6))
def test_empty_parts_leave_no_trace(prompt: str, style: str, suffix: str) -> None:
    whole = full_prompt(prompt, style, "", suffix)
    assert whole == whole.strip(" ,\n")
    assert whole.count("style") == bool(style.strip(", "))


def test_variants_come_in_turn_and_each_image_keeps_its_prompt() -> None:
    plan = planned(Fields(prompt="{neon|pastel} cat", batch_size="4", style="ink"), suffix="bold")
    assert [image.prompt for image in plan.images] == [
        "neon cat, ink style, bold",
        "pastel cat, ink style, bold",
        "neon cat, ink style, bold",
        "pastel cat, ink style, bold",
    ]
    assert [image.index for image in plan.images] == [0, 1, 2, 3]
    assert plan.prompt == "{neon|pastel} cat"
    assert plan.full_prompt == "neon cat, ink style, bold"


def test_the_full_prompt_of_a_plain_batch_is_every_images() -> None:
    plan = planned(Fields(prompt=r"a \{cat\}", batch_size="3"))
    assert {image.prompt for image in plan.images} == {plan.full_prompt}
    assert plan.full_prompt == "a {cat}, high contrast, bold colors"


def test_the_same_seed_draws_the_same_wildcard_lines() -> None:
    wildcards = {"animal": tuple(f"animal {number}" for number in range(100))}
    fields = Fields(prompt="__animal__", batch_size="5", seed="77", seed_policy="sequence")
    assert planned(fields, wildcards=wildcards).images == planned(fields, wildcards=wildcards).images


def test_a_variant_that_leaves_nothing_is_refused_where_it_would_be_made() -> None:
    assert wrong(prompt="{cat|}") == {}
    assert wrong(prompt="{cat|}", batch_size="2")["prompt"].startswith("Image 2 has an empty prompt.")
    with pytest.raises(BadInput) as caught:
        planned(Fields(prompt="{cat|}", batch_size="2"))
    assert caught.value.field == "prompt"


def test_style_and_genre_are_literal() -> None:
    plan = planned(Fields(prompt="cat", style="{a|b", genre="__x__"), suffix="")
    assert plan.images[0].prompt == "cat, {a|b style, __x__ genre"


def test_the_first_image_takes_the_given_seed_and_the_others_random_ones() -> None:
    numbers = iter([5, 9, 5, 9, 12345])
    assert draw_seeds(4, 12345, SeedPolicy.FIRST, lambda: next(numbers)) == [12345, 5, 9, 6]


def test_a_sequence_counts_on_from_its_seed() -> None:
    assert draw_seeds(3, 7, SeedPolicy.SEQUENCE) == [7, 8, 9]
    assert draw_seeds(3, None, SeedPolicy.SEQUENCE, lambda: 100) == [100, 101, 102]
    assert draw_seeds(3, MAX_SEED - 1, SeedPolicy.SEQUENCE) == [MAX_SEED - 1, MAX_SEED, 0]


@given(
    st.integers(1, 25),
    st.none() | st.integers(0, MAX_SEED) | st.just(MAX_SEED),
    st.sampled_from(SeedPolicy),
    st.lists(st.integers(0, 3) | st.just(MAX_SEED), min_size=30, max_size=30),
)
def test_the_seeds_of_a_batch_are_always_different(
    how_many: int, given_seed: int | None, policy: SeedPolicy, drawn: list[int]
) -> None:
    numbers = iter(drawn)
    seeds = draw_seeds(how_many, given_seed, policy, lambda: next(numbers))
    assert len(seeds) == how_many == len(set(seeds))
    assert all(0 <= seed <= MAX_SEED for seed in seeds)
    assert given_seed is None or seeds[0] == given_seed


def test_random_seeds_are_whole_in_every_json_tool() -> None:
    seeds = [random_seed() for _ in range(200)]
    assert all(int(float(seed)) == seed for seed in seeds)
    assert len(set(seeds)) == 200


def test_a_plan_carries_everything_that_was_typed_and_nothing_more_than_json_takes() -> None:
    plan = planned(
        Fields(prompt=" cat ", negative=" blur ", batch_size=" 2 ", steps="12", cfg_scale="3.5", seed="9"),
        in_flight=2,
        budget=500_000,
    )
    assert (plan.prompt, plan.negative, plan.batch_size, plan.steps, plan.cfg_scale) == (
        "cat",
        "blur",
        2,
        12,
        3.5,
    )
    assert (plan.draft_width, plan.draft_height) == (1280, 1536)
    assert (plan.workflow, plan.workflow_hash) == (FLUX.name, FLUX.hash)
    assert (plan.in_flight, plan.budget_microdollars, plan.endpoint) == (2, 500_000, "ep0example")
    assert any(words.startswith("negative: ignored") for words in plan.warnings)
    json.dumps(dataclasses.asdict(plan), allow_nan=False)


def test_a_batch_on_direct_comfyui_is_refused_with_the_way_to_runpod() -> None:
    with pytest.raises(BadInput) as caught:
        planned(Fields(prompt="cat", batch_size="2"), backend=BackendKind.COMFYUI)
    assert caught.value.title == "Batch generation not supported with direct ComfyUI"
    assert caught.value.field == "batch_size"
    assert "RUNPOD_API_KEY" in caught.value.next_step
    assert "RUNPOD_ENDPOINT_ID" in caught.value.next_step
    assert len(planned(Fields(prompt="cat"), backend=BackendKind.COMFYUI).images) == 1


def test_no_job_in_flight_and_a_negative_budget_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        planned(Fields(prompt="cat"), in_flight=0)
    assert caught.value.field == "in_flight"
    with pytest.raises(BadInput) as caught:
        planned(Fields(prompt="cat"), budget=-1)
    assert caught.value.field == "budget"


@pytest.mark.parametrize("wished", [1, "1", 25, " 25 "])
def test_a_script_gets_what_it_asks_for_up_to_25(wished: int | str) -> None:
    assert cap_batch_size(wished) == (int(wished), "")


@pytest.mark.parametrize("wished", [30, "30", "26", 10**20])
def test_a_script_that_asks_for_more_gets_25_and_is_told(wished: int | str) -> None:
    assert cap_batch_size(wished) == (
        25,
        f"Capped from {wished} to 25: the most one batch may ask for.",
    )


@pytest.mark.parametrize("wished", [0, -1, True, *BAD_NUMBERS, "9" * 5000])
def test_a_script_that_asks_for_no_number_of_images_is_refused(wished: int | str) -> None:
    with pytest.raises(BadInput, match="1 to 25"):
        cap_batch_size(wished)


def test_a_negative_prompt_is_said_to_be_ignored_where_it_is() -> None:
    fields = Fields(prompt="cat", negative="blur", cfg_scale="7.0")
    assert warnings(fields, FLUX)["negative"] == "ignored by flux1-dev-fp8: its sampler runs at cfg 1"
    assert warnings(fields, load("flux1-schnell"))["negative"] == (
        "ignored by flux1-schnell: it has no place for one"
    )
    assert "negative" not in warnings(fields, SDXL)
    assert "cfg 1" in warnings(dataclasses.replace(fields, cfg_scale="1"), SDXL)["negative"]
    assert "negative" not in warnings(dataclasses.replace(fields, negative=" "), FLUX)


def test_guidance_outside_the_useful_range_is_told_and_allowed() -> None:
    fields = Fields(prompt="cat", cfg_scale="30")
    assert warnings(fields, FLUX)["cfg_scale"] == "1 to 3.5 is the useful range"
    assert problems(fields, FLUX) == {}
    assert warnings(Fields(), load("flux1-schnell"))["cfg_scale"] == "not used by flux1-schnell"


def test_the_licence_is_told() -> None:
    assert "non-commercial" in warnings(Fields(), FLUX)["workflow"]
    assert "Apache" in warnings(Fields(), load("flux1-schnell"))["workflow"]
