"""`thinkaloud chat`: ask and watch the answer form, in a terminal."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from console.background import Background
from console.echo import unechoed
from console.words import Words, explain, words
from thinkaloud.client import Backoff, Client, ClientError, new_id
from thinkaloud.errors import InvalidFrame
from thinkaloud.language import language_of_locale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from rich.console import Console

    from console.local import Endpoint
    from thinkaloud.client import Answer, Message, Received

#: Seconds that a stopped answer has to end by itself.
STOP_PATIENCE = 3.0
#: A person is waiting: give up sooner than a service would.
BACKOFF = Backoff(attempts=3)

#: Exit codes of `--once`; the last is the shell's own for Ctrl-C.
COMPLETE, FAILED, INTERRUPTED = 0, 1, 130


class Screen(Protocol):
    """Where an answer is shown."""

    def show(self, received: Received, message: Message) -> None:
        """The next frame, and the answer as far as it has come."""

    def say(self, note: str) -> None:
        """A word about the answer; an empty one takes the last back."""


class JsonLines:
    """Every frame on a line of its own, as it came."""

    def show(self, received: Received, message: Message) -> None:
        """Print the frame."""
        print(json.dumps(received.fields, ensure_ascii=False), flush=True)

    def say(self, note: str) -> None:
        """Print the note where it disturbs no reader of the lines."""
        if note:
            print(note, file=sys.stderr)


class WhenDone:
    """Nothing on the way; prints the text and the sources it cites when they are whole. For pipes and files."""

    def show(self, received: Received, message: Message) -> None:
        """Print the answer once the last frame is here."""
        if received.final:
            from console.markdown import printable

            print(printable(message.text))
            cited = [document for document in message.sources if document.id in message.cited]
            lines = [f"[{document.id}] {document.title}  {document.uri}" for document in cited]
            if lines:
                print("", *map(printable, lines), sep="\n")

    def say(self, note: str) -> None:
        """Print the note to standard error."""
        if note:
            print(note, file=sys.stderr)


@dataclass(slots=True)
class Conversation:
    """One session over one client."""

    background: Background
    client: Client
    session: str
    locale: str | None

    def words_for(self, text: str) -> Words:
        """The words in the language that was asked for, else in that of `text`."""
        return words(language_of_locale(self.locale, text))

    def ask(self, text: str, screen: Screen) -> int:
        """Ask, and follow the answer to its end. Ctrl-C stops it; a second one leaves.

        Returns COMPLETE, FAILED (after an `error` frame, which is said) or INTERRUPTED.

        Raises:
            InvalidFrame: the text is empty or too long.
            ClientError: the answer ended without a final frame.
            KeyboardInterrupt: the second Ctrl-C.
        """
        try:
            answer = self.client.ask(text, session=self.session, locale=self.locale)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            raise InvalidFrame(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None
        following = self.background.start(_follow(answer, screen))
        try:
            following.result()
        except KeyboardInterrupt:
            self._stop(answer, following, screen, self.words_for(text))
            return INTERRUPTED
        failure = answer.message.metadata.get("error")
        if failure is None:
            return COMPLETE
        screen.say(self.words_for(text).failed.format(f"{failure['message']} ({failure['code']})"))
        return FAILED

    def _stop(self, answer: Answer, following: Future[None], screen: Screen, said: Words) -> None:
        screen.say(said.stopping)
        self.background.start(answer.stop())
        try:
            following.result(STOP_PATIENCE)
        except TimeoutError:
            following.cancel()
            screen.say(said.not_stopped)
        except KeyboardInterrupt:
            following.cancel()
            raise
        else:
            screen.say("")


async def _follow(answer: Answer, screen: Screen) -> None:
    async for received in answer:
        screen.show(received, answer.message)


@contextlib.contextmanager
def _conversation(endpoint: Endpoint, session: str | None, locale: str | None) -> Iterator[Conversation]:
    with Background() as background:
        client = Client(endpoint.url, endpoint.token, backoff=BACKOFF)
        background.run(client.__aenter__())
        try:
            yield Conversation(background, client, session or new_id("s"), locale)
        finally:
            background.run(client.close())


def once(
    endpoint: Endpoint, text: str, *, session: str | None, locale: str | None, json_lines: bool, console: Console
) -> int:
    """Ask one question, show its answer, and return the exit code.

    Raises:
        InvalidFrame, ClientError: as `Conversation.ask`.
    """
    with _conversation(endpoint, session, locale) as conversation:
        if json_lines:
            return conversation.ask(text, JsonLines())
        if not console.is_terminal:
            return conversation.ask(text, WhenDone())
        return _show(conversation, text, console)


def converse(endpoint: Endpoint, *, session: str | None, locale: str | None, console: Console) -> None:
    """Ask and answer until Ctrl-D, Ctrl-C at the prompt or /quit.

    Raises:
        ClientError: there is no connection to begin with; later ones are shown, and the prompt comes again.
    """
    with contextlib.suppress(ImportError):  # Windows has none
        import readline  # noqa: F401 - editing and history at the prompt

    language = language_of_locale(locale, "")
    said = words(language)
    asked = False
    with _conversation(endpoint, session, locale) as conversation:
        for line in filter(None, (said.greeting, endpoint.notes.get(language), said.hints)):
            console.print(line, style="dim", markup=False, highlight=False)
        while (text := _prompt()) is not None:
            match text.split():
                case []:
                    continue
                case ["/quit"]:
                    break
                case ["/new"]:
                    conversation.session, asked = new_id("s"), False
                    console.print(said.new_session, style="dim")
                case [command] if command.startswith("/"):
                    console.print(said.unknown_command.format(command), markup=False, highlight=False)
                case _:
                    asked = True
                    try:
                        _show(conversation, text, console)
                    except (ClientError, InvalidFrame) as error:
                        problem = explain(error, language_of_locale(locale, text))
                        console.print(problem, style="red", markup=False, highlight=False)
                    except KeyboardInterrupt:
                        break
        if asked:
            console.print(said.resume.format(conversation.session), style="dim", highlight=False)


def _prompt() -> str | None:
    try:
        return input("\n› ").strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return None


def _show(conversation: Conversation, text: str, console: Console) -> int:
    from console.view import AnswerView

    with unechoed(), AnswerView(console, conversation.words_for(text)) as view:
        return conversation.ask(text, view)
