import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.errors import BadInput
from podtui.graph import Hole
from tests.graphs import filled, made, node, only, refused, worker_graph


def test_roles_are_found_by_wiring_in_the_workers_own_graph() -> None:
    workflow = made(worker_graph())
    roles = workflow.roles
    assert roles.prompt == (Hole("6", "text"),)
    assert roles.negative == (Hole("33", "text"),)
    assert (roles.seed, roles.steps, roles.cfg) == (
        Hole("31", "seed"),
        Hole("31", "steps"),
        Hole("31", "cfg"),
    )
    assert (roles.guidance, roles.width, roles.count) == (
        Hole("35", "guidance"), Hole("27", "width"), Hole("27", "batch_size"),
    )  # fmt: skip
    assert not workflow.uses_negative


def test_one_save_is_kept_previews_are_dropped_and_a_job_makes_one_picture() -> None:
    graph = filled(made(worker_graph()))
    assert only(graph, "SaveImage")["filename_prefix"] == "podtui"
    assert "9" in graph
    assert "38" not in graph
    assert only(graph, "EmptySD3LatentImage")["batch_size"] == 1


@given(st.permutations(list(worker_graph())), st.randoms(use_true_random=False))
def test_roles_do_not_hang_on_ids_or_order(order: list[str], draw: Any) -> None:
    graph = worker_graph()
    ids = list(graph)
    draw.shuffle(ids)
    new = dict(zip(graph, ids, strict=True))

    def moved(value: Any) -> Any:
        return [new[value[0]], value[1]] if isinstance(value, list) else value

    renamed = {
        new[old]: node(
            graph[old]["class_type"], **{key: moved(value) for key, value in graph[old]["inputs"].items()}
        )
        for old in order
    }
    roles = made(renamed).roles
    assert roles.prompt == (Hole(new["6"], "text"),)
    assert roles.negative == (Hole(new["33"], "text"),)
    assert roles.guidance == Hole(new["35"], "guidance")
    assert roles.seed == Hole(new["31"], "seed")
    assert roles.save in (new["9"], new["40"])


@pytest.mark.parametrize(
    ("missing", "role"),
    [("6", "prompt"), ("27", "width"), ("31", "sampler"), ("9", "saves no picture")],
)
def test_a_role_that_cannot_be_found_is_named_with_how_to_tell_it(missing: str, role: str) -> None:
    graph = worker_graph()
    graph[missing]["class_type"] = "SomebodysOwn"
    if missing == "27":
        graph[missing]["inputs"] = {"size": 512}
    if missing == "9":
        graph["40"]["class_type"] = "SomebodysOwn"
    error = refused(json.dumps(graph))
    assert role in error.title
    assert f"[roles] {role} =" in error.next_step or missing == "9"


def test_a_persons_own_classes_are_taken_where_every_role_is_told() -> None:
    graph = {
        "1": node("MyModel", words="x", number=3, rounds=4, w=64, h=64, strength=1.0),
        "2": node("MySaver", picture=["1", 0]),
    }
    facts = """
    [roles]
    prompt = "1.words"
    seed = "1.number"
    steps = "1.rounds"
    width = "1.w"
    height = "1.h"
    guidance = "1.strength"
    save = "2"
    """
    graph = filled(made(graph, facts), prompt="cat")
    assert graph["1"]["inputs"] == {
        "words": "cat", "number": 7, "rounds": 12, "w": 1280, "h": 1536, "strength": 3.0,
    }  # fmt: skip
    assert graph["2"]["inputs"] == {"picture": ["1", 0]}


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ('prmpt = "6.text"', "no role prmpt"), ('prompt = "99.text"', "node 99"),
        ('prompt = "6.txt"', "input txt"), ('prompt = "6"', "node.input"), ('save = "99"', "node 99"),
        ('seed = "none"', "node.input"),
    ],
)  # fmt: skip
def test_a_told_role_that_leads_nowhere_is_refused(roles: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        made(worker_graph(), f"[roles]\n{roles}")


def test_two_prompts_are_asked_about_and_the_sidecar_decides() -> None:
    graph = worker_graph()
    graph["7"] = node("CLIPTextEncode", text="by the sea", clip=["30", 1])
    graph["34"] = node("ConditioningCombine", conditioning_1=["7", 0], conditioning_2=["6", 0])
    graph["35"]["inputs"]["conditioning"] = ["34", 0]
    error = refused(json.dumps(graph))
    assert "Several places could be the workflow's prompt" in error.title
    assert "7" in error.cause
    workflow = made(graph, '[roles]\nprompt = "6.text"')
    assert filled(workflow)["7"]["inputs"]["text"] == "by the sea"


def test_two_saves_of_different_pictures_are_asked_about() -> None:
    graph = worker_graph()
    graph["50"] = node("ImageScale", image=["8", 0], width=4500, height=5400)
    graph["40"]["inputs"]["images"] = ["50", 0]
    assert "save" in refused(json.dumps(graph)).title
    kept = filled(made(graph, '[roles]\nsave = "40"'))
    assert only(kept, "SaveImage")["images"] == ["50", 0]
    assert only(kept, "ImageScale")["width"] == 4500


def test_of_two_samplers_the_one_that_starts_from_nothing_is_meant() -> None:
    graph = worker_graph()
    second = copy.deepcopy(graph["31"])
    second["inputs"]["latent_image"] = ["31", 0]
    graph["32"] = second
    graph["8"]["inputs"]["samples"] = ["32", 0]
    assert made(graph).roles.seed == Hole("31", "seed")
    second["inputs"]["latent_image"] = ["27", 0]
    assert "sampler" in refused(json.dumps(graph)).title
    assert made(graph, '[roles]\nsampler = "32"').roles.seed == Hole("32", "seed")


def test_a_control_net_does_not_mix_up_the_two_prompts() -> None:
    for first, second in (("positive", "negative"), ("negative", "positive")):
        graph = worker_graph()
        sides = {"positive": ["35", 0], "negative": ["33", 0]}
        graph["36"] = node("ControlNetApplyAdvanced", **{first: sides[first], second: sides[second]})
        graph["31"]["inputs"] |= {"positive": ["36", 0], "negative": ["36", 1]}
        roles = made(graph).roles
        assert (roles.prompt, roles.negative) == ((Hole("6", "text"),), (Hole("33", "text"),))


def test_a_negative_made_of_the_prompt_itself_takes_no_text() -> None:
    graph = worker_graph()
    graph["33"] = node("ConditioningZeroOut", conditioning=["6", 0])
    workflow = made(graph)
    assert workflow.roles.negative == ()
    assert filled(workflow, negative="blur")["6"]["inputs"]["text"] == "cat"


def test_values_that_come_from_nodes_of_their_own_are_set_there() -> None:
    graph = worker_graph()
    graph["50"] = node("PrimitiveString", value="x")
    graph["51"] = node("Seed", seed=1, mode="fixed")
    graph["52"] = node("PrimitiveInt", value=3)
    graph["53"] = node("Maths", a=1, b=2)
    graph["6"]["inputs"]["text"] = ["50", 0]
    graph["31"]["inputs"] |= {"seed": ["51", 0], "steps": ["52", 0]}
    graph["27"]["inputs"]["width"] = ["53", 0]
    found = filled(made(graph))
    assert found["50"]["inputs"]["value"] == "cat"
    assert found["51"]["inputs"]["seed"] == 7
    assert found["52"]["inputs"]["value"] == 12
    assert found["27"]["inputs"]["width"] == 1280


def test_both_encoders_of_sdxl_take_the_prompt() -> None:
    graph = worker_graph()
    graph["6"] = node("CLIPTextEncodeSDXL", text_g="a", text_l="b", clip=["30", 1], width=1024, height=1024)
    inputs = filled(made(graph))["6"]["inputs"]
    assert (inputs["text_g"], inputs["text_l"], inputs["width"]) == ("cat", "cat", 1024)


def test_a_sampler_with_a_real_cfg_hears_the_negative_prompt() -> None:
    graph = worker_graph()
    graph["31"]["inputs"]["cfg"] = 3.0
    workflow = made(graph)
    assert workflow.uses_negative
    assert filled(workflow, guidance=2.0)["31"]["inputs"]["cfg"] == 3.0


def test_a_ring_of_nodes_is_read_to_its_end() -> None:
    graph = worker_graph()
    graph["35"]["inputs"]["conditioning"] = ["36", 0]
    graph["36"] = node("Loop", conditioning=["35", 0])
    assert "prompt" in refused(json.dumps(graph)).title
