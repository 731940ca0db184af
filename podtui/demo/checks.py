"""Checks a graph as ComfyUI does before it queues it (comfyui.md, 1.1)."""

from dataclasses import dataclass, field
from typing import Any

from podtui.demo.node_classes import CLASSES


@dataclass(frozen=True)
class Refusal:
    """The body of a 400 answer to ``/prompt``."""

    error: dict[str, Any]
    node_errors: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """As it goes over the wire."""
        return {"error": self.error, "node_errors": self.node_errors}


def check_graph(graph: object) -> Refusal | None:
    """Tell why a graph is not taken; None where it is."""
    if not isinstance(graph, dict) or not graph:
        return Refusal(_error("no_prompt", "No prompt provided", "No prompt provided"))
    for key, node in graph.items():
        kind = node.get("class_type") if isinstance(node, dict) else None
        if kind is None:
            words = "Cannot execute because a node is missing the class_type property."
            return Refusal(_error("invalid_prompt", words, f"Node ID '#{key}'"))
        if kind not in CLASSES:
            words = f"Cannot execute because node {kind} does not exist."
            return Refusal(_error("invalid_prompt", words, f"Node ID '#{key}'"))
    outputs = output_nodes(graph)
    if not outputs:
        return Refusal(_error("prompt_no_outputs", "Prompt has no outputs", ""))
    wrong = {}
    for key, node in graph.items():
        if errors := _node_errors(graph, node):
            wrong[key] = {
                "errors": errors,
                "dependent_outputs": outputs,
                "class_type": node["class_type"],
            }
    if wrong:
        return Refusal(
            _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""), wrong
        )
    return None


def output_nodes(graph: dict[str, Any]) -> list[str]:
    """The nodes whose results are kept or shown."""
    return [key for key, node in graph.items() if node.get("class_type") in ("SaveImage", "PreviewImage")]


def validation_text(refusal: Refusal) -> str:
    """The same refusal in the words of worker-comfyui 5.8.5 (comfyui.md, 3.4): Python reprs, not JSON."""
    if not refusal.node_errors:
        return f"{refusal.error['message']}. Raw response: {refusal.body()}"
    lines = ["Workflow validation failed:"]
    files: list[str] = []
    for key, found in refusal.node_errors.items():
        for name in ("errors", "dependent_outputs", "class_type"):
            lines.append(f"• Node {key} ({name}): {found[name]}")
        for error in found["errors"]:
            config = error["extra_info"].get("input_config")
            if error["extra_info"].get("input_name") == "ckpt_name" and config:
                files = config[0]
    if files:
        lines.append(f"\nAvailable checkpoint models: {', '.join(files)}")
    return "\n".join(lines)


def _error(kind: str, message: str, details: str, **extra: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": extra}


def _node_errors(graph: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    described = CLASSES[node["class_type"]]
    inputs = node.get("inputs")
    given: dict[str, Any] = inputs if isinstance(inputs, dict) else {}
    found = []
    for name, wanted in described.inputs.items():
        if name not in given:
            found.append(_error("required_input_missing", "Required input is missing", name, input_name=name))
        elif isinstance(given[name], list):
            found += _link_errors(graph, name, wanted, given[name])
        else:
            found += _value_errors(name, wanted, given[name])
    return found


def _link_errors(graph: dict[str, Any], name: str, wanted: Any, link: list[Any]) -> list[dict[str, Any]]:
    if len(link) != 2 or not isinstance(link[1], int):
        words = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        return [_error("bad_linked_input", words, name, input_name=name, received_value=link)]
    source = graph.get(str(link[0]))
    if source is None:
        return [
            _error(
                "exception_during_validation",
                "Exception when validating inner node",
                f"'{link[0]}'",
                input_name=name,
                exception_type="KeyError",
                linked_node=link,
            )
        ]
    outputs = CLASSES[source["class_type"]].outputs
    received = outputs[link[1]] if link[1] < len(outputs) else "NONE"
    expected = wanted if isinstance(wanted, str) else wanted[0]
    if isinstance(expected, str) and received != expected:
        details = f"{name}, received_type({received}) mismatch input_type({expected})"
        extra = {"input_name": name, "received_type": received, "linked_node": link}
        return [_error("return_type_mismatch", "Return type mismatch between linked nodes", details, **extra)]
    return []


def _value_errors(name: str, wanted: Any, value: Any) -> list[dict[str, Any]]:
    if isinstance(wanted, list):
        if value in wanted:
            return []
        is_long = len(wanted) > 20
        shown = f"(list of length {len(wanted)})" if is_long else str(wanted)
        extra = {
            "input_name": name,
            "input_config": None if is_long else [wanted, {}],
            "received_value": value,
        }
        return [
            _error("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {shown}", **extra)
        ]
    if isinstance(wanted, str):
        return []
    kind, low, high = wanted
    try:
        number = int(value) if kind == "INT" else float(value)
    except (TypeError, ValueError, OverflowError):
        words = f"Failed to convert an input value to a {kind} value"
        return [
            _error("invalid_input_type", words, f"{name}, {value}", input_name=name, received_value=value)
        ]
    extra = {"input_name": name, "received_value": value}
    if number < low:
        return [_error("value_smaller_than_min", f"Value {number} smaller than min of {low}", name, **extra)]
    if number > high:
        return [_error("value_bigger_than_max", f"Value {number} bigger than max of {high}", name, **extra)]
    return []
