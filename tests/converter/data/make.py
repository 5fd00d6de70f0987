"""Makes the PyTorch files of these tests: `python make.py` where PyTorch is installed; seeded."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch

HERE = Path(__file__).parent


class Code:
    """What a state dict never holds; unpickled, it would leave a file behind."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, ("left-behind", "w")


def state() -> OrderedDict[str, torch.Tensor]:
    torch.manual_seed(17)
    whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return OrderedDict(
        {
            "conv.weight": torch.nn.Parameter(torch.linspace(-1, 1, 18).reshape(2, 1, 3, 3)),
            "conv.bias": torch.tensor([0.5, -0.25]),
            "norm.num_batches_tracked": torch.tensor(7),
            "half": torch.tensor([1.5, -2.0]).half(),
            "brain": torch.tensor([1.5, -2.0]).bfloat16(),
            "double": torch.tensor([0.1], dtype=torch.float64),
            "turned": whole.permute(2, 0, 1),
            "part": whole[1, 1:],
        }
    )


if __name__ == "__main__":
    for name, zipped in (("zip", True), ("legacy", False)):
        torch.save(state(), HERE / f"{name}.pth", _use_new_zipfile_serialization=zipped)
        coded = {"w": torch.zeros(2), "x": Code()}
        torch.save(coded, HERE / f"code-{name}.pth", _use_new_zipfile_serialization=zipped)
    torch.save(torch.nn.Linear(2, 3), HERE / "module.pth")
    torch.save({"epoch": 3, "state_dict": state()}, HERE / "nested.pth")
    torch.save([torch.zeros(2)], HERE / "list.pth")
