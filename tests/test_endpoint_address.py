"""An endpoint's id is found in whatever a person pastes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.endpoint_address import endpoint_id
from podtui.errors import BadInput

ID = "abc123xyz7890q"


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"  {ID}\n",
        f"https://api.runpod.ai/v2/{ID}/run",
        f"https://api.runpod.ai/v2/{ID}",
        f"https://api.runpod.ai/v2/{ID}/status/job-1-e1",
        f"https://api.runpod.io/v2/{ID}/run",
        f"https://api.runpod.io/v2/serverless/{ID}",
        f"https://api.runpod.io/v2/serverless/{ID}/workers",
        f"api.runpod.ai/v2/{ID}/runsync",
        f"https://www.console.runpod.io/serverless/user/endpoint/{ID}",
        f"https://console.runpod.io/serverless/user/endpoint/{ID}?tab=overview",
        f"https://console.runpod.io/serverless/{ID}",
        f"https://www.runpod.io/console/serverless/user/endpoint/{ID}/",
        f"http://127.0.0.1:8000/v2/{ID}/run#x",
    ],
)
def test_an_id_is_found_in_every_known_address(text: str) -> None:
    assert endpoint_id(text) == ID


def test_an_id_may_look_like_a_word_of_the_path() -> None:
    assert endpoint_id("https://api.runpod.ai/v2/endpointx1/run") == "endpointx1"
    assert endpoint_id("https://api.runpod.ai/v2/user1example/run") == "user1example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ab",
        "-abc123",
        "a b c",
        "https://api.runpod.ai/v2/",
        "https://api.runpod.io/v2/serverless",
        "https://console.runpod.io/serverless",
        "https://console.runpod.io/serverless/user/endpoint/",
        "https://example.com/",
        "https://[x/v2/abc123",
        "../../etc/passwd",
        "abc\u202e123",
        "a" * 200,
    ],
)
def test_what_names_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        endpoint_id(text)
    assert caught.value.field == "runpod_endpoint_id"


@given(st.text())
def test_any_text_gives_an_id_or_is_refused(text: str) -> None:
    try:
        found = endpoint_id(text)
    except BadInput:
        return
    assert found.isascii()
    assert found.replace("-", "").replace("_", "").isalnum()
