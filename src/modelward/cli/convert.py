"""`modelward convert`: weights as safetensors, without running anything of them."""

from __future__ import annotations

import click

from modelward.cli.output import deliver, on_terminal, shown
from modelward.cli.progress import shown_progress


@click.command(short_help="Convert weights to safetensors, running nothing of them.")
@click.argument("model", metavar="MODEL", type=click.Path(readable=False))
@click.option("--to", "to", type=click.Choice(["safetensors"]), required=True, metavar="FORMAT", help="safetensors.")
@click.option("--output", type=click.Path(), required=True, metavar="OUT", help="Write it there, where nothing is yet.")
@click.option("--statement", type=click.Path(), metavar="FILE", help="Write the provenance (SLSA) there.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="FORM", help="text or json."
)
@click.option("--quiet", is_flag=True, help="Print the answer alone; no progress.")
def convert(model: str, to: str, output: str, statement: str | None, form: str, quiet: bool) -> int:
    """\b
    Examples:
      modelward convert pytorch_model.bin --to safetensors --output model.safetensors
      modelward convert checkpoint.ckpt --to safetensors --output model.safetensors --statement model.slsa.json
      modelward convert ./sharded-model --to safetensors --output ./converted

    Reads what torch.save, numpy and Keras write, as data: nothing of it is run or unpickled. Every tensor of the
    result is then compared with the input, byte by byte, by code that the converter has no part in. What
    safetensors cannot hold (numbers beside the tensors, classes, settings) is named.

    Exit codes: 0 converted, 1 refused, 3 converted but something was left out, 4 failed.
    """
    from modelward.app.converting import convert as run
    from modelward.report import convert as report
    from modelward.report.escape import json_on_terminal

    with shown_progress(quiet) as progress:
        done = run(model, output, statement, progress)
    if form == "text":
        deliver(shown([report.answer(done)] if quiet else list(report.lines(done))))
    else:
        data = report.machine(done)
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)
    return done.exit_code
