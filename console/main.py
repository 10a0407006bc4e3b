"""The `thinkaloud` command. Each subcommand imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.eval import EvalCommand, evaluate, variants
from console.failures import fail, plainly

if TYPE_CHECKING:
    from console.local import Endpoint

app = typer.Typer(
    name="thinkaloud",
    help="Ask over one WebSocket, and watch the cited answer form.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of the installed command."""
    app()


@app.callback(invoke_without_command=True)
def start(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    """Ask over one WebSocket, and watch the cited answer form."""
    for stream in (sys.stdout, sys.stderr):
        # Answers are in any script whatever the locale; half a surrogate pair is written as its JSON escape.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if version:
        from importlib.metadata import version as installed

        print(installed("thinkaloud"))
        raise typer.Exit


@app.command()
def chat(
    once: Annotated[str | None, typer.Option(help="Ask this one question, and exit.", metavar="TEXT")] = None,
    json_lines: Annotated[
        bool, typer.Option("--json", help="With --once: print every frame as a line of JSON.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(help="Connect here, wss://...; by default to the local cloud that runs.", metavar="URL"),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="The token for --url; by default the variable THINKALOUD_TOKEN.", metavar="JWT"),
    ] = None,
    session: Annotated[str | None, typer.Option(help="Go on with this conversation.", metavar="ID")] = None,
    locale: Annotated[
        str | None, typer.Option(help="Language of labels, zh or en; by default that of the system.", metavar="LOCALE")
    ] = None,
) -> None:
    """Ask, and watch the answer form. Ctrl-C stops an answer."""
    from console.words import explain, words
    from thinkaloud.errors import ThinkaloudError
    from thinkaloud.language import language_of_locale

    if json_lines and once is None:
        raise typer.BadParameter("it needs a question: --once TEXT --json", param_hint="--json")
    locale = _locale(locale)

    from rich.console import Console

    from console import chat as chatting
    from console.local import NoLocalCloud

    console = Console()
    language = language_of_locale(locale, once or "")
    try:
        endpoint = _endpoint(url, token)
        if once is None:
            chatting.converse(endpoint, session=session, locale=locale, console=console)
        else:
            code = chatting.once(endpoint, once, session=session, locale=locale, json_lines=json_lines, console=console)
            raise typer.Exit(code)
    except NoLocalCloud:
        fail(words(language).no_cloud)
    except ThinkaloudError as error:
        fail(explain(error, language))


@app.command()
def token(
    tenant: Annotated[str, typer.Option(help="Whose knowledge is searched.", metavar="TENANT")] = "demo",
    user: Annotated[str, typer.Option(help="Who is asking.", metavar="USER")] = "you",
    ttl: Annotated[int, typer.Option(help="Seconds until it expires.", metavar="SECONDS", min=1, max=86_400)] = 3600,
) -> None:
    """Print a development token. Only the local cloud accepts it."""
    from console.local import project_folder
    from localcloud.tokens import SecretMissing, development_token

    with plainly(SecretMissing):
        state = project_folder() / ".thinkaloud"
        print(development_token(state, tenant=tenant, user=user, seconds=ttl))


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or patterns in quotes.", metavar="PATH...")],
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete the documents that these paths were loaded as.")
    ] = False,
    json_lines: Annotated[bool, typer.Option("--json", help="Print every outcome as a line of JSON.")] = False,
    jobs: Annotated[int, typer.Option(help="Files under way at once.", metavar="N", min=1, max=32)] = 4,
    url: Annotated[
        str | None,
        typer.Option(help="The HTTP API, https://...; by default that of the local cloud that runs.", metavar="URL"),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="The token for --url; by default the variable THINKALOUD_TOKEN.", metavar="JWT"),
    ] = None,
    locale: Annotated[
        str | None,
        typer.Option(help="Language of messages, zh or en; by default that of the system.", metavar="LOCALE"),
    ] = None,
) -> None:
    """Load documents. Run again, it skips what is there and goes on with what is not."""
    from console.words import explain, words
    from thinkaloud.errors import ThinkaloudError
    from thinkaloud.language import language_of_locale

    language = language_of_locale(_locale(locale), "")

    from console.ingest_command import ingest as run
    from console.local import NoLocalCloud

    try:
        endpoint = _endpoint(url, token, http=True)
        code = run(endpoint, paths, delete=delete, at_once=jobs, json_lines=json_lines, language=language)
    except NoLocalCloud:
        fail(words(language).no_cloud)
    except ThinkaloudError as error:
        fail(explain(error, language))
    raise typer.Exit(code)


@app.command()
def dev(
    port: Annotated[
        int, typer.Option(help="Of the page and the WebSocket; 0 for any free one.", metavar="N", min=0, max=65_535)
    ] = 8080,
    samples: Annotated[bool, typer.Option("--samples/--no-samples", help="Load the sample handbook.")] = True,
    pace: Annotated[
        float | None,
        typer.Option(help="Tokens a second of the local model's answers; 0 for no delay.", metavar="N", min=0),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show everything that functions print, not only warnings and errors.")
    ] = False,
) -> None:
    """Run the whole cloud on this machine, until Ctrl-C."""
    from console.local import project_folder

    with plainly():
        project = project_folder()

    from console.dev import FORESEEN
    from console.dev import dev as run

    with plainly(*FORESEEN):
        run(project, port=port, samples=samples, pace=pace, verbose=verbose)


app.command("eval", cls=EvalCommand)(evaluate)
app.command()(variants)


def _locale(given: str | None) -> str | None:
    """The locale that `--locale` names, else the system's, as the protocol writes it."""
    from console.words import system_locale, valid_locale

    if given is not None and (given := valid_locale(given)) is None:
        raise typer.BadParameter("it is no locale; try zh, en or zh-CN", param_hint="--locale")
    return given or system_locale(os.environ)


def _endpoint(url: str | None, token: str | None, *, http: bool = False) -> Endpoint:
    """What the options name: a WebSocket, or with `http` an HTTP API."""
    from console.local import given_endpoint, project_folder, running_cloud

    if url is None:
        cloud = running_cloud(project_folder())
        endpoint = cloud.http_endpoint() if http else cloud.endpoint()
        return given_endpoint(endpoint.url, token) if token else endpoint
    token = token or os.environ.get("THINKALOUD_TOKEN", "")
    if not token:
        raise typer.BadParameter("it needs --token, or the variable THINKALOUD_TOKEN", param_hint="--url")
    return given_endpoint(url, token)
