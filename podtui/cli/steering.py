"""``podtui stop``, ``go-on``, ``cancel``, ``retry``, ``unsure``: steering a batch without a screen."""

from typing import Annotated

import typer
from pydantic import BaseModel

from podtui.answers import ImageLine, generate_answer, image_line
from podtui.cli.follow import follow
from podtui.cli.generating import exit_code
from podtui.cli.show import PARTLY, json_list, json_of, opened_store, out
from podtui.errors import BadInput
from podtui.spawn import ensure_runner
from podtui.words import BatchId, BatchState, ImageId


class SteerAnswer(BaseModel):
    """What a wish changed."""

    success: bool
    batch_id: str
    state: BatchState
    affected: int
    """How many images it concerns."""
    message: str


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def stop(batch_id: str, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Stop a batch after the image that is being made; go-on takes it up again."""
        _steer(batch_id, "stop", as_json)

    @app.command(name="go-on")
    def go_on(batch_id: str, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Go on with a stopped or paused batch."""
        _steer(batch_id, "go-on", as_json)

    @app.command()
    def cancel(batch_id: str, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Cancel a batch now; what is already running may still be billed."""
        _steer(batch_id, "cancel", as_json)

    @app.command()
    def retry(
        batch_id: str,
        wait: Annotated[bool, typer.Option("--wait/--no-wait")] = True,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Make new jobs for the images that failed: same slot, same seed."""
        with opened_store() as store:
            card = store.batches.get(batch_id)
            affected = store.batches.retry(card.id)
            if affected:
                ensure_runner(store.library)
            if affected and wait:
                follow(store, card.id)
            answer = generate_answer(store, card.id, f"{affected} image(s) retried.")
            if as_json:
                json_of(answer)
            else:
                out(answer.message)
            raise typer.Exit(exit_code(store, card.id))

    @app.command()
    def unsure(
        resend: Annotated[str, typer.Option(help="Send this image again; it may be paid twice.")] = "",
        drop: Annotated[str, typer.Option(help="Give this image up.")] = "",
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """List images whose submit was never answered clearly; resend or drop one."""
        with opened_store() as store:
            if resend or drop:
                image = ImageId(resend or drop)
                changed = store.batches.resend(image) if resend else store.batches.drop(image)
                if not changed:
                    raise BadInput(f"{image} is not unsure", field="image")
                ensure_runner(store.library)
                out(f"{image} will be sent again" if resend else f"{image} is given up")
                return
            waiting: list[ImageLine] = [image_line(image, store.library) for image in store.images.unsure()]
            if as_json:
                json_list(waiting)
            else:
                for line in waiting:
                    out(f"{line.id}  {line.batch_id}  {line.error or ''}")
            raise typer.Exit(PARTLY if waiting else 0)


def _steer(batch_id: str, wish: str, as_json: bool) -> None:
    with opened_store() as store:
        batch = BatchId(store.batches.get(batch_id).id)
        if wish == "stop":
            affected = int(store.batches.stop(batch))
        elif wish == "go-on":
            affected = int(store.batches.go_on(batch))
        else:
            affected = store.batches.cancel(batch)
        if affected:
            ensure_runner(store.library)
        card = store.batches.get(batch)
        said = {"stop": "stops after the current image", "go-on": "goes on", "cancel": "is being cancelled"}[
            wish
        ]
        message = f"{batch} {said}" if affected else f"{batch} is {card.state}; nothing to {wish}"
        if as_json:
            json_of(
                SteerAnswer(
                    success=bool(affected),
                    batch_id=batch,
                    state=card.state,
                    affected=affected,
                    message=message,
                )
            )
        else:
            out(message)
