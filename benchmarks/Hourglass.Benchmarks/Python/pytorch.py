"""Training as PyTorch's examples write it: prints "ready", then the seconds of each epoch. See PythonPeer.cs."""
import json
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional

settings = json.loads(sys.argv[1])
batch, samples = settings["batch"], settings["samples"]
torch.set_num_threads(settings["threads"])
torch.manual_seed(1)


def blas():
    """The library that multiplies: what a peer's speed hangs on."""
    with open("/proc/self/maps") as maps:
        return next((os.path.realpath(line.split()[-1]) for line in maps if os.path.basename(line.split()[-1]).startswith(("libblas", "libopenblas", "libmkl"))), "none")


def hidden(widths):
    layers = []
    for inputs, outputs in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return layers


class Dense(nn.Module):
    def __init__(self, widths):
        super().__init__()
        mirrored = widths[::-1]
        self.encoder = nn.Sequential(*hidden(widths), nn.Linear(widths[-2], widths[-1]))
        self.decoder = nn.Sequential(*hidden(mirrored), nn.Linear(mirrored[-2], mirrored[-1]))

    def forward(self, x):
        return functional.binary_cross_entropy(torch.sigmoid(self.decoder(self.encoder(x))), x)


class Convolutional(nn.Module):
    def __init__(self, channels, latents):
        super().__init__()
        features = channels[1] * 7 * 7
        self.encoder = nn.Sequential(
            nn.Conv2d(1, channels[0], 3, 2, 1), nn.ReLU(), nn.Conv2d(channels[0], channels[1], 3, 2, 1), nn.ReLU(), nn.Flatten())
        self.mean, self.log_variance = nn.Linear(features, latents), nn.Linear(features, latents)
        self.decoder = nn.Sequential(
            nn.Linear(latents, features), nn.ReLU(), nn.Unflatten(1, (channels[1], 7, 7)),
            nn.ConvTranspose2d(channels[1], channels[0], 3, 2, 1, 1), nn.ReLU(), nn.ConvTranspose2d(channels[0], 1, 3, 2, 1, 1))

    def forward(self, x):
        values = self.encoder(x)
        mean, log_variance = self.mean(values), self.log_variance(values)
        drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
        return functional.binary_cross_entropy(torch.sigmoid(self.decoder(drawn)), x, reduction="sum") + divergence


class Recurrent(nn.Module):
    def __init__(self, steps, width, latents):
        super().__init__()
        self.steps = steps
        self.encoder, self.decoder = nn.GRU(1, width, batch_first=True), nn.GRU(latents, width, batch_first=True)
        self.to_latents, self.to_steps = nn.Linear(width, latents), nn.Linear(width, 1)

    def forward(self, x):
        _, state = self.encoder(x)
        given = self.to_latents(state.squeeze(0)).unsqueeze(1).expand(-1, self.steps, -1)
        return functional.mse_loss(self.to_steps(self.decoder(given)[0]), x)


if settings["model"] == "dense":
    model, shape = Dense(settings["widths"]), [settings["widths"][0]]
elif settings["model"] == "convolutional":
    model, shape = Convolutional(settings["channels"], settings["latents"]), [1, 28, 28]
else:
    model, shape = Recurrent(settings["steps"], settings["width"], settings["latents"]), [settings["steps"], 1]
data = torch.rand(samples, *shape)
optimizer = torch.optim.Adam(model.parameters())
print("ready", blas(), flush=True)
for _ in sys.stdin:
    begin = time.perf_counter()
    order = torch.randperm(samples)
    for start in range(0, samples, batch):
        x = data[order[start:start + batch]]
        optimizer.zero_grad()
        model(x).backward()
        optimizer.step()
    print(time.perf_counter() - begin, flush=True)
