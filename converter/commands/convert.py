"""``tintcast-convert convert``: from weights to the files that a board takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from converter.quiet import import_tensorflow
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from converter.convert import Converted, Pictures
    from converter.deployable import Deployable

_SOURCES = "a checkpoint (.npz); --prototxt, --caffemodel and --points; --torch; or --keras"


def convert(
    *,
    checkpoint: Annotated[
        Path | None, typer.Argument(help="Checkpoint of a training run (.npz): the compact network.")
    ] = None,
    prototxt: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Caffe: colorization_deploy_v2.prototxt.")
    ] = None,
    caffemodel: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Caffe: colorization_release_v2.caffemodel, or norebal."),
    ] = None,
    points: Annotated[Path | None, typer.Option(metavar="FILE", help="Caffe: pts_in_hull.npy.")] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Caffe: of the annealed mean; lower is bolder; default: the release's, 0.384."),
    ] = None,
    torch: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PyTorch: colorization_release_v2-*.pth or siggraph17-*.pth."),
    ] = None,
    keras: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A Keras network (.keras, .h5), grey to ab.")
    ] = None,
    grey_scale: Annotated[
        float | None, typer.Option(help="Keras: the network takes L, 0..100, x this + --grey-offset.")
    ] = None,
    grey_offset: Annotated[float, typer.Option(help="Keras: see --grey-scale.")] = 0.0,
    ab_scale: Annotated[float | None, typer.Option(help="Keras: Lab units of an ab of 1.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for NAME.tflite and NAME.json.")],
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="float32, float16, dynamic-int8 (default) or int8; repeatable, then NAME-RECIPE."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name that the network is asked for by.")] = None,
    calibration: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TAR|DIR",
            help="Photographs to calibrate and compare on; a checkpoint has some that training kept back.",
        ),
    ] = None,
    vividness: Annotated[float, typer.Option(help="Checkpoint: 0..1, how much of the vivid head.")] = 1.0,
    boldness: Annotated[
        float, typer.Option(help="Checkpoint: 0..1, of the rest, how much of the bold head.")
    ] = 1.0,
    saturation: Annotated[float, typer.Option(help="Checkpoint: factor on the network's ab.")] = 1.0,
    likely: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Checkpoint: also write NAME-likely, asked for likely colours where somebody clicks.",
        ),
    ] = None,
    data_note: Annotated[
        str, typer.Option("--data", help="What it learned from, for the manifest.")
    ] = "not stated",
) -> None:
    """Make a network for the board, of a release or a training run, and compare it with what it was."""
    caffe = (prototxt, caffemodel, points)
    if sum((checkpoint is not None, any(caffe), torch is not None, keras is not None)) != 1:
        raise ConfigurationError(f"convert takes one of: {_SOURCES}")
    import_tensorflow()
    from converter import origins
    from converter.convert import convert as write
    from converter.networks import zhang16
    from converter.recipes import find_recipe
    from converter.taste import Taste

    recipes = [find_recipe(each) for each in recipe or ["dynamic-int8"]]
    network: Deployable
    if checkpoint:
        taste = Taste(vividness=vividness, boldness=boldness, saturation=saturation)
        network = origins.from_checkpoint(checkpoint, taste, data=data_note)
    elif torch:
        network = origins.from_torch(torch)
    elif keras:
        told = None
        if grey_scale is not None and ab_scale is not None:
            told = origins.Conventions((grey_scale, grey_offset), ab_scale)
        network = origins.from_keras(keras, told, data=data_note)
    elif prototxt and caffemodel and points:
        told_temperature = zhang16.TEMPERATURE if temperature is None else temperature
        network = origins.from_caffe(prototxt, caffemodel, points, temperature=told_temperature)
    else:
        raise ConfigurationError("--prototxt, --caffemodel and --points come together")
    pictures = _pictures(calibration, checkpoint)
    for converted in write(network, recipes, out, pictures, name=name, likely=likely):
        typer.echo(_line(converted))


def _pictures(calibration: list[Path] | None, checkpoint: Path | None) -> Pictures:
    from converter import samples
    from converter.convert import Pictures

    if calibration:
        found = samples.of_photographs(calibration, samples.CALIBRATED)
        return Pictures(found, f"{len(found)} photographs of {', '.join(path.name for path in calibration)}")
    if checkpoint:
        found = samples.kept_back(checkpoint, samples.CALIBRATED)
        return Pictures(found, f"{len(found)} photographs kept back from training")
    return Pictures(samples.of_demo(samples.COMPARED), "frames of the demo's film", photographs=False)


def _line(converted: Converted) -> str:
    from converter.validate import worst

    path, difference = converted.path, converted.difference
    line = (
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, {converted.recipe.says}; "
        f"ab to float32: mean {difference.mean:.3f}, largest {difference.largest:.2f}"
    )
    if most := worst(converted.losses):
        line += (
            f"; loses most at {most.layer}: {most.added:.2%} of its values' size, {most.relative:.2%} in all"
        )
    return line
