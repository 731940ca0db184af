import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.errors import BadInput
from podtui.workflow import MAX_BYTES, SHIPPED, Workflow, draft_size, load, names, shipped
from tests.graphs import at, filled, made, node, only, refused, worker_graph


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_workflow_takes_one_image(name: str) -> None:
    workflow = load(name)
    graph = filled(workflow, seed=2**64 - 1)
    roles = workflow.roles
    assert [at(graph, hole) for hole in roles.prompt] == ["cat"]
    assert (at(graph, roles.seed), at(graph, roles.steps)) == (2**64 - 1, 12)
    assert (at(graph, roles.width), at(graph, roles.height), at(graph, roles.count)) == (1280, 1536, 1)
    assert only(graph, "SaveImage")["filename_prefix"] == "podtui"
    assert json.loads(json.dumps(graph, allow_nan=False)) == graph


def test_the_shipped_workflows_want_what_their_models_want() -> None:
    assert shipped() == ("flux1-dev-fp8", "flux1-dev", "flux1-schnell", "sdxl")
    facts = {name: load(name).facts for name in shipped()}
    assert [(facts[name].steps, facts[name].guidance) for name in shipped()] == [
        (30, "2.0"), (30, "2.0"), (4, "1.0"), (30, "7.0"),
    ]  # fmt: skip
    assert [load(name).uses_negative for name in shipped()] == [False, False, False, True]
    assert [load(name).uses_guidance for name in shipped()] == [True, True, False, True]


def test_guidance_goes_to_flux_guidance_and_the_samplers_cfg_stays_1() -> None:
    graph = filled(load("flux1-dev-fp8"), guidance=2.5)
    assert only(graph, "FluxGuidance")["guidance"] == 2.5
    assert only(graph, "KSampler")["cfg"] == 1
    assert only(filled(load("flux1-dev"), guidance=2.5), "FluxGuidance")["guidance"] == 2.5
    assert only(filled(load("sdxl"), guidance=6.5), "KSampler")["cfg"] == 6.5


def test_the_negative_prompt_goes_to_its_own_encoder() -> None:
    workflow = load("sdxl")
    graph = filled(workflow, prompt="cat", negative="blur")
    sampler = only(graph, "KSampler")
    assert graph[sampler["positive"][0]]["inputs"]["text"] == "cat"
    assert graph[sampler["negative"][0]]["inputs"]["text"] == "blur"


def test_filling_changes_nothing_but_the_copy() -> None:
    workflow = made(worker_graph())
    before = copy.deepcopy(workflow.graph)
    filled(workflow)["6"]["inputs"]["clip"].append("x")
    assert workflow.graph == before


@pytest.mark.parametrize(
    "prompt",
    [
        'a "quoted" \\" cat', "{seed} {0} %s %(x)s ${y} {{", "line\nline\r\n\ttab", "🐈‍⬛ 日本 é́",
        '"}, "9": {"class_type": "Evil"', "\u2028\x00\x1b[31m", "x" * 20_000, "",
    ],
)  # fmt: skip
def test_i11_a_prompt_arrives_as_it_is_written(prompt: str) -> None:
    workflow = made(worker_graph())
    graph = json.loads(json.dumps(filled(workflow, prompt=prompt, negative=prompt[::-1])))
    assert graph["6"]["inputs"]["text"] == prompt
    assert graph["33"]["inputs"]["text"] == prompt[::-1]
    assert graph.keys() == workflow.graph.keys()
    assert {body["class_type"] for body in graph.values()}.isdisjoint({"Evil"})


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**64 - 1))
def test_i11_any_text_and_any_seed_survive_the_round_trip(prompt: str, seed: int) -> None:
    workflow = load("flux1-dev")
    graph = json.loads(json.dumps(filled(workflow, prompt=prompt, seed=seed)))
    assert at(graph, workflow.roles.prompt[0]) == prompt
    assert at(graph, workflow.roles.seed) == seed


@pytest.mark.parametrize(("asked", "set_to"), [(1000, 992), (1024, 1024), (1039, 1024), (1, 16)])
def test_sizes_are_rounded_because_the_server_does_not(asked: int, set_to: int) -> None:
    graph = filled(load("sdxl"), width=asked, height=asked)
    size = only(graph, "EmptyLatentImage")
    assert (size["width"], size["height"]) == (set_to, set_to)


EDITOR = {"last_node_id": 9, "nodes": [{"id": 6, "type": "CLIPTextEncode"}], "links": [], "version": 0.4}


@pytest.mark.parametrize(
    "text",
    [
        "", "no json", "[]", "3", "null", '"x"', "{}", '{"6": 1}', '{"6": {"class_type": "X"}}',
        '{"6": {"class_type": 3, "inputs": {}}}', '{"6": {"class_type": "X", "inputs": []}}',
        '{"6": {"class_type": "X", "inputs": {"a": NaN}}}', '{"input": {"workflow": null}}',
        '{"6": {"class_type": "X", "inputs": {"a": ["7", 0]}}}',
        "[" * 100_000, '{"a":' * 100_000, json.dumps(EDITOR), json.dumps({"prompt": EDITOR}),
        '{"6": {"class_type": "X", "inputs": {"a": ' + "[" * 200 + "]" * 200 + "}}}",
        json.dumps({str(number): node("X") for number in range(2001)}), "9" * 10_000,
    ],
)  # fmt: skip
def test_i12_what_is_no_api_format_workflow_is_refused_with_how_to_export_one(text: str) -> None:
    error = refused(text)
    assert "not an API-format workflow" in error.title
    assert "Export (API)" in error.next_step


def test_i12_a_file_of_50_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(BadInput, match="too large") as caught:
        load(str(path))
    assert "50.0 MB" in caught.value.cause
    assert "too large" in refused(" " * (MAX_BYTES + 1)).title


def test_i12_the_editors_format_is_named() -> None:
    assert "editor" in refused(json.dumps(EDITOR)).cause


def test_i12_a_link_to_a_node_that_is_not_there_is_named() -> None:
    graph = worker_graph()
    graph["35"]["inputs"]["conditioning"] = ["99", 0]
    assert "35.conditioning" in refused(json.dumps(graph)).cause


@pytest.mark.parametrize("wrap", ["bare", "input", "prompt"])
def test_a_graph_is_taken_bare_or_in_either_wrapping(wrap: str) -> None:
    graph = worker_graph()
    wrapped = {"bare": graph, "input": {"input": {"workflow": graph}}, "prompt": {"prompt": graph}}[wrap]
    assert made(wrapped).hash == made(graph).hash


def test_a_persons_own_workflow_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(worker_graph()).encode())
    (tmp_path / "mine.toml").write_text("steps = 8\nguidance = 1.5\n", encoding="utf-8")
    by_name = load("mine", tmp_path)
    assert (by_name.name, by_name.facts.steps, by_name.facts.guidance) == ("mine", 8, "1.5")
    assert load(str(tmp_path / "mine.json")).hash == by_name.hash
    assert names(tmp_path) == [*SHIPPED, "mine"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "none",
        "../mine",
        "a/b",
        "[/red]",
        "x" * 5000,
        "x\0y.json",
        "~nobody-here/x.json",
        "x" * 5000 + ".json",
    ],
)
def test_an_unknown_workflow_names_those_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="no workflow") as caught:
        load(name, tmp_path / "workflows")
    assert "sdxl" in caught.value.cause
    assert caught.value.field == "workflow"


def test_a_files_name_is_never_more_than_a_plain_word(tmp_path: Path) -> None:
    path = tmp_path / "[red]\x1b a{b}.json"
    path.write_text(json.dumps(worker_graph()))
    assert load(str(path)).name == "-red-a-b-"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("steps = ", "no TOML"),
        ("stepps = 3", "stepps"),
        ("steps = 0", "steps"),
        ('guidance = "x"', "guidance"),
    ],
)
def test_a_sidecar_that_cannot_be_used_says_which_line(facts: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        made(worker_graph(), facts)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_workflow_comes_back_from_its_document(name: str) -> None:
    workflow = load(name)
    back = Workflow.from_document(workflow.document)
    assert back == workflow
    assert back.hash == workflow.hash
    assert len(workflow.hash) == 16


def test_the_hash_changes_with_the_graph_and_not_with_the_order_of_its_keys() -> None:
    graph = worker_graph()
    turned = {key: node(**dict(reversed(list({**body["inputs"], "class_type": body["class_type"]}.items()))))
              for key, body in reversed(list(graph.items()))}  # fmt: skip
    assert made(turned).hash == made(graph).hash
    graph["30"]["inputs"]["ckpt_name"] = "other.safetensors"
    assert made(graph).hash != made(turned).hash


def test_the_draft_of_the_usual_print_is_1280x1536() -> None:
    pixels = load("flux1-dev-fp8").facts.pixels
    assert draft_size(4500, 5400, pixels) == (1280, 1536)
    assert draft_size(5400, 4500, pixels) == (1536, 1280)
    assert draft_size(3600, 3600, pixels) == (1392, 1392)
    assert draft_size(1024, 1024, pixels) == (1024, 1024)


def test_the_draft_of_sdxl_has_about_a_megapixel() -> None:
    width, height = draft_size(4500, 5400, load("sdxl").facts.pixels)
    assert 0.85 < width * height / 1_048_576 <= 1
    assert abs(width / height - 4500 / 5400) < 0.01


@given(st.integers(64, 16_384), st.integers(64, 16_384), st.sampled_from([1_048_576, 1_966_080]))
def test_a_draft_is_in_16s_within_the_limit_and_the_wish_and_of_the_wished_shape(
    width: int, height: int, pixels: int
) -> None:
    wide, high = draft_size(width, height, pixels)
    assert wide % 16 == high % 16 == 0
    assert 16 <= wide <= width
    assert 16 <= high <= height
    assert wide * high <= pixels
    # Half a step of 16 on the shorter side is the most that rounding need cost.
    assert abs(wide / high * height / width - 1) <= 16 / min(wide, high) + 0.01
    assert wide * high >= 0.6 * min(pixels, (width - 15) * (height - 15))
