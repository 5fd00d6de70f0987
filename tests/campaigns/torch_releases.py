"""PyTorch's two releases, written down for comparison: run by ``torch_parity`` where PyTorch is installed.

    python torch_releases.py WORK

WORK holds NAME.pth and NAME.npz (grey, hint, mask) of eccv16 and siggraph17. Their weights are loaded by
their names, all of them, and saved again by torch.save, in one format and the other; NAME-ab.npy is what the
network gives.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn


def block(given: int, *channels: int, stride: int = 1, dilation: int = 1, norm: bool = True) -> nn.Sequential:
    """3x3 convolutions with ReLU, the last one with the stride, and a norm."""
    layers: list[nn.Module] = []
    for place, out in enumerate(channels, 1):
        step = stride if place == len(channels) else 1
        layers += [nn.Conv2d(given, out, 3, step, dilation, dilation), nn.ReLU()]
        given = out
    return nn.Sequential(*layers, *([nn.BatchNorm2d(given)] if norm else []))


class Eccv16(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model1 = block(1, 64, 64, stride=2)
        self.model2 = block(64, 128, 128, stride=2)
        self.model3 = block(128, 256, 256, 256, stride=2)
        self.model4 = block(256, 512, 512, 512)
        self.model5 = block(512, 512, 512, 512, dilation=2)
        self.model6 = block(512, 512, 512, 512, dilation=2)
        self.model7 = block(512, 512, 512, 512)
        up = nn.ConvTranspose2d(512, 256, 4, 2, 1)
        self.model8 = nn.Sequential(up, nn.ReLU(), *block(256, 256, 256, norm=False), nn.Conv2d(256, 313, 1))
        self.model_out = nn.Conv2d(313, 2, 1, bias=False)
        self.upsample4 = nn.Upsample(scale_factor=4, mode="bilinear")

    def forward(self, grey: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        x = (grey - 50) / 100
        for number in range(1, 9):
            x = getattr(self, f"model{number}")(x)
        return self.upsample4(self.model_out(x.softmax(dim=1))) * 110


class Siggraph17(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model1 = block(4, 64, 64)
        self.model2 = block(64, 128, 128)
        self.model3 = block(128, 256, 256, 256)
        self.model4 = block(256, 512, 512, 512)
        self.model5 = block(512, 512, 512, 512, dilation=2)
        self.model6 = block(512, 512, 512, 512, dilation=2)
        self.model7 = block(512, 512, 512, 512)
        self.model8up = nn.Sequential(nn.ConvTranspose2d(512, 256, 4, 2, 1))
        self.model3short8 = nn.Sequential(nn.Conv2d(256, 256, 3, 1, 1))
        self.model8 = nn.Sequential(nn.ReLU(), *block(256, 256, 256))
        self.model9up = nn.Sequential(nn.ConvTranspose2d(256, 128, 4, 2, 1))
        self.model2short9 = nn.Sequential(nn.Conv2d(128, 128, 3, 1, 1))
        self.model9 = nn.Sequential(nn.ReLU(), *block(128, 128))
        self.model10up = nn.Sequential(nn.ConvTranspose2d(128, 128, 4, 2, 1))
        self.model1short10 = nn.Sequential(nn.Conv2d(64, 128, 3, 1, 1))
        self.model10 = nn.Sequential(nn.ReLU(), nn.Conv2d(128, 128, 3, 1, 1), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(256, 529, 1))
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(self, grey: torch.Tensor, hint: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        one = self.model1(torch.cat(((grey - 50) / 100, hint / 110, mask), dim=1))
        two = self.model2(one[:, :, ::2, ::2])
        three = self.model3(two[:, :, ::2, ::2])
        deep = self.model7(self.model6(self.model5(self.model4(three[:, :, ::2, ::2]))))
        eight = self.model8(self.model8up(deep) + self.model3short8(three))
        nine = self.model9(self.model9up(eight) + self.model2short9(two))
        ten = self.model10(self.model10up(nine) + self.model1short10(one))
        return self.model_out(ten) * 110


def main(work: Path) -> None:
    for name, network, zipped in (("eccv16", Eccv16(), True), ("siggraph17", Siggraph17(), False)):
        path = work / f"{name}.pth"
        found = torch.load(path, weights_only=True)
        lacking, strange = network.load_state_dict(found, strict=False)
        assert not strange, strange
        assert all("num_batches_tracked" in key or "model_class" in key for key in lacking), lacking
        torch.save(network.state_dict(), path, _use_new_zipfile_serialization=zipped)
        inputs = [
            torch.from_numpy(array).permute(0, 3, 1, 2).double()
            for array in np.load(work / f"{name}.npz").values()
        ]
        with torch.no_grad():
            network.double().eval()  # exactly what the definition says: what is off is the converted one
            results = [network(*(each[n : n + 1] for each in inputs)) for n in range(len(inputs[0]))]
        np.save(work / f"{name}-ab.npy", torch.cat(results).permute(0, 2, 3, 1).float().numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
