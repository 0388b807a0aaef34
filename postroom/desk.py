"""``desk``: what people and programs reach over the network."""

import threading
from functools import partial
from typing import Annotated

import typer

from postroom.context import services
from postroom.output import say


def add_to(app: typer.Typer) -> None:
    """Add this verb."""
    app.command()(desk)


def desk(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 8470,
) -> None:
    """Serve the REST API and the page that checks receipts, until it is stopped."""
    instance = services()
    import uvicorn

    from desk.asgi import application
    from flows.certify import keep

    ended = threading.Event()
    threading.Thread(target=partial(keep, instance, ended, stamps=False), daemon=True).start()
    say(f"http://{host}:{port}/api/v1/openapi.json")
    try:
        # `proxies` of [desk] alone says who is believed about who asks; uvicorn would believe all of loopback
        uvicorn.run(
            application(instance),
            host=host,
            port=port,
            log_config=None,
            server_header=False,
            proxy_headers=False,
        )
    finally:
        ended.set()
