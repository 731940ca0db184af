"""The node classes that the pretend ComfyUI has, with the limits of the real ones (comfyui.md, 4.3)."""

from dataclasses import dataclass
from typing import Any

MAX_SEED = 2**64 - 1
CHECKPOINTS = [
    "flux1-dev-fp8.safetensors",
    "flux1-schnell-fp8.safetensors",
    "sd3_medium_incl_clips_t5xxlfp8.safetensors",
    "sd_xl_base_1.0.safetensors",
    "sd_xl_turbo_1.0_fp16.safetensors",
]
_UNETS = ["flux1-dev.safetensors", "flux1-schnell.safetensors"]
_CLIPS = ["clip_l.safetensors", "t5xxl_fp16.safetensors", "t5xxl_fp8_e4m3fn.safetensors"]
_DTYPES = ["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"]
_SAMPLERS = [
    *("euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "dpm_2"),
    *("dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral", "dpmpp_sde", "dpmpp_2m"),
    *("dpmpp_2m_sde", "dpmpp_3m_sde", "ddpm", "lcm", "ipndm", "deis", "ddim", "uni_pc"),
]
_SCHEDULERS = [
    *("simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal"),
    *("linear_quadratic", "kl_optimal"),
]
_SIDE = ("INT", 16, 16384)
_LATENT = {"width": _SIDE, "height": _SIDE, "batch_size": ("INT", 1, 4096)}
_TEXT = "STRING"


@dataclass(frozen=True)
class NodeClass:
    """A node class: what must be given and what comes out."""

    inputs: dict[str, Any]
    """Name to a type, to a list of values, or to (type, smallest, largest)."""
    outputs: tuple[str, ...] = ()
    is_output: bool = False


CLASSES: dict[str, NodeClass] = {
    "CheckpointLoaderSimple": NodeClass({"ckpt_name": CHECKPOINTS}, ("MODEL", "CLIP", "VAE")),
    "UNETLoader": NodeClass({"unet_name": _UNETS, "weight_dtype": _DTYPES}, ("MODEL",)),
    "DualCLIPLoader": NodeClass(
        {"clip_name1": _CLIPS, "clip_name2": _CLIPS, "type": ["sdxl", "sd3", "flux", "hunyuan_video"]},
        ("CLIP",),
    ),
    "VAELoader": NodeClass({"vae_name": ["ae.safetensors", "sdxl_vae.safetensors"]}, ("VAE",)),
    "CLIPTextEncode": NodeClass({"text": _TEXT, "clip": "CLIP"}, ("CONDITIONING",)),
    "CLIPTextEncodeFlux": NodeClass(
        {"clip": "CLIP", "clip_l": _TEXT, "t5xxl": _TEXT, "guidance": ("FLOAT", 0.0, 100.0)},
        ("CONDITIONING",),
    ),
    "FluxGuidance": NodeClass(
        {"conditioning": "CONDITIONING", "guidance": ("FLOAT", 0.0, 100.0)}, ("CONDITIONING",)
    ),
    "ConditioningZeroOut": NodeClass({"conditioning": "CONDITIONING"}, ("CONDITIONING",)),
    "EmptySD3LatentImage": NodeClass(_LATENT, ("LATENT",)),
    "EmptyLatentImage": NodeClass(_LATENT, ("LATENT",)),
    "KSampler": NodeClass(
        {
            "model": "MODEL",
            "seed": ("INT", 0, MAX_SEED),
            "steps": ("INT", 1, 10000),
            "cfg": ("FLOAT", 0.0, 100.0),
            "sampler_name": _SAMPLERS,
            "scheduler": _SCHEDULERS,
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "latent_image": "LATENT",
        },
        ("LATENT",),
    ),
    "KSamplerSelect": NodeClass({"sampler_name": _SAMPLERS}, ("SAMPLER",)),
    "BasicScheduler": NodeClass(
        {
            "model": "MODEL",
            "scheduler": _SCHEDULERS,
            "steps": ("INT", 1, 10000),
            "denoise": ("FLOAT", 0.0, 1.0),
        },
        ("SIGMAS",),
    ),
    "BasicGuider": NodeClass({"model": "MODEL", "conditioning": "CONDITIONING"}, ("GUIDER",)),
    "RandomNoise": NodeClass({"noise_seed": ("INT", 0, MAX_SEED)}, ("NOISE",)),
    "SamplerCustomAdvanced": NodeClass(
        {
            "noise": "NOISE",
            "guider": "GUIDER",
            "sampler": "SAMPLER",
            "sigmas": "SIGMAS",
            "latent_image": "LATENT",
        },
        ("LATENT", "LATENT"),
    ),
    "ModelSamplingSD3": NodeClass({"model": "MODEL", "shift": ("FLOAT", 0.0, 100.0)}, ("MODEL",)),
    "ModelSamplingFlux": NodeClass({"model": "MODEL"}, ("MODEL",)),
    "LoraLoader": NodeClass({"model": "MODEL", "clip": "CLIP", "lora_name": _TEXT}, ("MODEL", "CLIP")),
    "VAEDecode": NodeClass({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "SaveImage": NodeClass({"images": "IMAGE", "filename_prefix": _TEXT}, (), is_output=True),
    "PreviewImage": NodeClass({"images": "IMAGE"}, (), is_output=True),
}


def object_info(names: list[str]) -> dict[str, Any]:
    """The answer of ``/object_info`` for these classes; unknown ones are left out."""
    return {name: _described(name, CLASSES[name]) for name in names if name in CLASSES}


def _described(name: str, found: NodeClass) -> dict[str, Any]:
    required: dict[str, Any] = {}
    for key, wanted in found.inputs.items():
        if isinstance(wanted, tuple):
            required[key] = [wanted[0], {"min": wanted[1], "max": wanted[2]}]
        else:
            required[key] = [wanted, {}]
    return {
        "input": {"required": required},
        "input_order": {"required": list(required)},
        "output": list(found.outputs),
        "output_name": list(found.outputs),
        "name": name,
        "display_name": name,
        "output_node": found.is_output,
    }
