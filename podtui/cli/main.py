"""The table of commands; what they do lives beside."""

import os
import sys
from typing import Annotated

import typer

from podtui.cli import deciding, demo, doctor, generating, listing, runners, steering
from podtui.cli.show import WRONG_USE, out, tell
from podtui.errors import PodtuiError

app = typer.Typer(
    name="podtui",
    help="From one prompt to a rack of print-on-demand listings, in a terminal, over SSH.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

generating.add_to(app)
listing.add_to(app)
deciding.add_to(app)
steering.add_to(app)
runners.add_to(app)
demo.add_to(app)
doctor.add_to(app)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
    graphics: Annotated[
        str, typer.Option(help="How pictures are drawn: auto, kitty, sixel, iterm2, halfblock, off.")
    ] = "",
    readonly: Annotated[bool, typer.Option("--readonly", help="Only look; change nothing.")] = False,
) -> None:
    """Without a command, open the screens."""
    if version:
        from podtui import __version__

        out(f"podtui {__version__}")
        raise typer.Exit
    if graphics:
        os.environ["PODTUI_GRAPHICS"] = graphics
    if context.invoked_subcommand is None:
        from podtui.cli.screens import open_screens

        raise typer.Exit(open_screens(is_readonly=readonly))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; every failure ends in words, never in a trace."""
    try:
        code = app(args=arguments, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except PodtuiError as error:
        for line in (error.title, error.cause, error.next_step):
            if line:
                tell(line)
        return error.exit_code
    except KeyboardInterrupt:
        tell("Left. Work that was started goes on; podtui shows it.")
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except typer.Exit as leaving:
        return leaving.exit_code
    except Exception as error:
        return _usage_or_fault(error)


def _usage_or_fault(error: Exception) -> int:
    """Wrong use has words of its own; anything else is a fault of ours and goes to the log."""
    shown = getattr(error, "format_message", None)
    if shown is not None:
        tell(str(shown()))
        return int(getattr(error, "exit_code", WRONG_USE))
    if type(error).__name__ == "Abort":
        return 130
    from podtui.cli.faults import write_down

    tell(f"podtui has a fault: {type(error).__name__}. Details are in {write_down(error)}")
    return 1
