"""PyTorch's side of `peers.py`, run by a Python that has PyTorch and needs no ppgen: its networks, on ppgen's weights.

    python benchmarks/peer_torch.py NETWORK WEIGHTS.npz INPUT.npy OUTPUT.npy THREADS

Writes what the network makes of the input, prints "ready" and PyTorch's version, and then, for each line on standard
input that names a memory format ("contiguous" or "channels_last"), the seconds of one run; where "backward" follows,
the processor's seconds of a run with the gradients of all weights. The networks are written as PyTorch's users write
them, with its own padding, resampling and norms; names of weights are ppgen's.
"""

import math
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Weights = dict[str, Tensor]
EPSILON = 1e-5


def conv(w: Weights, name: str, x: Tensor, stride: int = 1, mirror: int = 0, padding: int = 0) -> Tensor:
    if mirror:
        x = F.pad(x, [mirror] * 4, mode="reflect")
    return F.conv2d(x, w[f"{name}.weight"], w.get(f"{name}.bias"), stride, padding)


def instance(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.instance_norm(x, weight=w.get(f"{name}.weight"), bias=w.get(f"{name}.bias"), eps=EPSILON)


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return x @ w[f"{name}.weight"]  # (in, out), as Paddle holds it


# ---- ResNet-9 and U-Net ------------------------------------------------------------------------------------


def resnet(w: Weights, x: Tensor) -> Tensor:
    x = F.relu(instance(w, "model.2", conv(w, "model.1", x, mirror=3)))
    x = F.relu(instance(w, "model.5", conv(w, "model.4", x, 2, padding=1)))
    x = F.relu(instance(w, "model.8", conv(w, "model.7", x, 2, padding=1)))
    for block in range(10, 19):
        name = f"model.{block}.conv_block"
        hidden = F.relu(instance(w, f"{name}.2", conv(w, f"{name}.1", x, mirror=1)))
        x = x + instance(w, f"{name}.6", conv(w, f"{name}.5", hidden, mirror=1))
    for index in (19, 22):
        x = F.conv_transpose2d(x, w[f"model.{index}.weight"], w[f"model.{index}.bias"], 2, 1, 1)
        x = F.relu(instance(w, f"model.{index + 1}", x))
    return torch.tanh(conv(w, "model.26", x, mirror=3))


def unet(w: Weights, x: Tensor) -> Tensor:
    def norm(name: str, x: Tensor) -> Tensor:  # by the batch at hand
        if f"{name}.weight" not in w:
            return x
        return F.batch_norm(x, None, None, w[f"{name}.weight"], w[f"{name}.bias"], training=True, eps=EPSILON)

    features = []
    for level in range(8):
        x = conv(w, f"down.{level}.conv", F.leaky_relu(x, 0.2) if level else x, 2, padding=1)
        x = norm(f"down.{level}.norm", x)
        features.append(x)
    x = features.pop()
    for level in range(7, -1, -1):
        name = f"up.{level}.conv"
        x = F.conv_transpose2d(F.relu(x), w[f"{name}.weight"], w.get(f"{name}.bias"), 2, 1)
        x = norm(f"up.{level}.norm", x)
        if level:
            x = torch.cat([features.pop(), x], 1)
    return torch.tanh(x)


# ---- Photo2Cartoon, light ----------------------------------------------------------------------------------


def multi_scale(w: Weights, name: str, x: Tensor) -> Tensor:
    outputs, features = [], x
    for stage in range(3):
        features = conv(w, f"{name}.stages.{stage}.conv", F.relu(instance(w, "", features)), mirror=1)
        outputs.append(features)
    return x + torch.cat(outputs, 1)


def hourglass(w: Weights, name: str, x: Tensor, feed_back: bool = True) -> Tensor:
    given, twins = x, []
    for level in range(4):
        twins.append(multi_scale(w, f"{name}.core.skips.{level}", x))
        x = multi_scale(w, f"{name}.core.down.{level}", F.avg_pool2d(x, 2))
    x = multi_scale(w, f"{name}.core.bottom", x)
    for level in range(4):
        x = twins.pop() + F.interpolate(multi_scale(w, f"{name}.core.up.{level}", x), scale_factor=2)
    x = multi_scale(w, f"{name}.refine", x)
    features = F.relu(instance(w, "", conv(w, f"{name}.project", x)))
    draft = conv(w, f"{name}.draft", features)
    if not feed_back:
        return draft
    return given + conv(w, f"{name}.features_back", features) + conv(w, f"{name}.draft_back", draft)


def layer_instance(share: Tensor, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    by_channel = (x - x.mean([2, 3], keepdim=True)) / (x.var([2, 3], keepdim=True) + EPSILON).sqrt()
    by_layer = (x - x.mean([1, 2, 3], keepdim=True)) / (x.var([1, 2, 3], keepdim=True) + EPSILON).sqrt()
    mixed = share * by_channel + (1 - share) * by_layer
    return mixed * gamma.reshape(-1, x.shape[1], 1, 1) + beta.reshape(-1, x.shape[1], 1, 1)


def soft_adalin(w: Weights, name: str, x: Tensor, content: Tensor, style: Tensor) -> Tensor:
    def mixed(which: str) -> Tensor:
        by_style = linear(w, f"{name}.style_{which}", style)
        by_content = F.relu(linear(w, f"{name}.content_{which}.0", content))
        by_content = linear(w, f"{name}.content_{which}.2", by_content)
        return by_style + w[f"{name}.content_share_{which}"] * (by_content - by_style)

    return layer_instance(w[f"{name}.normalize.instance_share"], x, mixed("gamma"), mixed("beta"))


def photo2cartoon(w: Weights, x: Tensor) -> Tensor:
    x = F.relu(instance(w, "", conv(w, "stem", x, mirror=3)))
    for index in range(2):
        x = hourglass(w, f"encoder_hourglasses.{index}", x)
    for index in range(2):
        x = F.relu(instance(w, "", conv(w, f"down.{index}.conv", x, 2, mirror=1)))
    contents = []
    for index in range(4):
        name = f"encoder_blocks.{index}"
        hidden = F.relu(instance(w, "", conv(w, f"{name}.conv1", x, mirror=1)))
        x = x + instance(w, "", conv(w, f"{name}.conv2", hidden, mirror=1))
        contents.append(x.mean([2, 3]))
    views = [x * w[f"attention.{kind}_classifier.weight"].reshape(1, -1, 1, 1) for kind in ("mean", "max")]
    x = F.relu(conv(w, "attention.join", torch.cat(views, 1)))
    style = F.relu(linear(w, "style.out", F.relu(linear(w, "style.hidden", x.mean([2, 3])))))
    for index, content in enumerate(reversed(contents)):
        name = f"decoder_blocks.{index}"
        hidden = F.relu(soft_adalin(w, f"{name}.norm1", conv(w, f"{name}.conv1", x, mirror=1), content, style))
        x = x + soft_adalin(w, f"{name}.norm2", conv(w, f"{name}.conv2", hidden, mirror=1), content, style)
    for index in range(2):
        x = conv(w, f"up.{index}.conv", F.interpolate(x, scale_factor=2), mirror=1)
        share, scale, shift = (w[f"up.{index}.norm.{key}"] for key in ("instance_share", "scale", "shift"))
        x = F.relu(layer_instance(share, x, scale, shift))
    x = hourglass(w, "decoder_hourglasses.0", x)
    x = hourglass(w, "decoder_hourglasses.1", x, feed_back=False)
    return torch.tanh(conv(w, "to_image", x, mirror=3))


# ---- StyleGAN2: W+ to picture ------------------------------------------------------------------------------


def style_of(w: Weights, name: str, latent: Tensor) -> Tensor:
    weight = w[f"{name}.modulation.weight"]
    return latent @ weight / math.sqrt(weight.shape[0]) + w[f"{name}.modulation.bias"]


def blurred(x: Tensor, gain: float) -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = (taps[:, None] * taps * gain)[None, None].expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, [1, 1, 1, 1]), kernel, groups=x.shape[1])


def enlarged(x: Tensor) -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
    kernel = (taps[:, None] * taps)[None, None].expand(x.shape[1], 1, 4, 4)
    return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


def styled(w: Weights, name: str, x: Tensor, latent: Tensor, up: bool) -> Tensor:
    weight = w[f"{name}.conv.weight"][0]
    weight = weight / math.sqrt(weight[0].numel())
    style = style_of(w, f"{name}.conv", latent)
    length = torch.rsqrt(style.square() @ weight.square().sum([2, 3]).T + 1e-8)
    x = x * style[:, :, None, None]
    if up:
        x = blurred(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 4.0)
    else:
        x = F.conv2d(x, weight, padding=1)
    x = x * length[:, :, None, None] + w[f"{name}.noise"] * w[f"{name}.noise_strength"]
    return F.leaky_relu(x + w[f"{name}.bias"].reshape(1, -1, 1, 1), 0.2) * math.sqrt(2)


def coloured(w: Weights, name: str, x: Tensor, latent: Tensor) -> Tensor:
    weight = w[f"{name}.conv.weight"][0]
    style = style_of(w, f"{name}.conv", latent) / math.sqrt(weight.shape[1])
    return F.conv2d(x * style[:, :, None, None], weight) + w[f"{name}.bias"]


def stylegan2(w: Weights, latents: Tensor) -> Tensor:
    count = latents.shape[1] - 1
    x = styled(w, "layers.0", w["constant"].expand(len(latents), -1, -1, -1), latents[:, 0], up=False)
    picture = coloured(w, "to_rgb.0", x, latents[:, 1])
    for index in range(1, count):
        x = styled(w, f"layers.{index}", x, latents[:, index], up=index % 2 == 1)
        if index % 2 == 0:
            picture = enlarged(picture) + coloured(w, f"to_rgb.{index // 2}", x, latents[:, index + 1])
    return picture


NETWORKS = {"resnet": resnet, "unet": unet, "photo2cartoon": photo2cartoon, "stylegan2": stylegan2}


def run_once(network: str, w: Weights, x: Tensor, backward: bool) -> float:
    """Seconds of a run; with the gradients of all weights: of the processor."""
    run = NETWORKS[network]
    if not backward:
        with torch.inference_mode():
            start = time.perf_counter()
            run(w, x)
            return time.perf_counter() - start
    learnt = {name: each.detach().requires_grad_(each.is_floating_point()) for name, each in w.items()}
    start = time.process_time()
    run(learnt, x).square().mean().backward()
    return time.process_time() - start


def main(network: str, weights: str, source: str, target: str, threads: str) -> None:
    torch.set_num_threads(int(threads))
    with np.load(weights) as stored:
        plain = {name: torch.from_numpy(stored[name]) for name in stored.files}
    last = {name: each.contiguous(memory_format=torch.channels_last) if each.ndim == 4 else each
            for name, each in plain.items()}  # fmt: skip
    given = torch.from_numpy(np.load(source))
    with torch.inference_mode():
        np.save(target, NETWORKS[network](plain, given).numpy())
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        memory_format, *backward = line.split()
        x, w = (given, plain) if memory_format == "contiguous" else (given, last)
        if w is last and x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        print(run_once(network, w, x, bool(backward)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
