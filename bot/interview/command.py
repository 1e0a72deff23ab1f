"""The command `epay-bot init` and its questions on a terminal."""

import os
from pathlib import Path
from typing import Any

import click

from bot import logs
from bot.errors import ConfigurationError, Problem
from bot.exits import told_in_words
from bot.interview.answers import QUESTIONS, SECRETS, Answers, Question
from bot.interview.writing import refuse_to_overwrite, write

# ruff: noqa: PLC0415

_ADDRESSES = ("telegram_url", "oauth_url", "p2p_url", "api_url")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


class Console:
    """A person who is asked with click; secrets are typed unseen."""

    def ask(self, question: Question, before: str | None) -> str:
        prompt = f"{question.prompt} (unseen)" if question.secret else question.prompt
        if question.secret and before:
            prompt += " [as before]"
        return str(click.prompt(prompt, default=before, hide_input=question.secret, show_default=not question.secret))

    def confirm(self, what: str) -> bool:
        return click.confirm(what, default=True)


def _options(command: Any) -> Any:
    """One option a question, each also from the environment; a secret only from there or from a file."""
    for one in reversed(QUESTIONS):
        option = f"--{one.name.replace('_', '-')}"
        if one.secret:
            command = click.option(f"{option}-file", type=_FILE, help=f"{one.prompt}: a file")(command)
        else:
            command = click.option(option, envvar=one.variable, help=one.prompt)(command)
    for name in _ADDRESSES:
        command = click.option(f"--{name.replace('_', '-')}", help="Another address than the usual one.")(command)
    return command


@click.command()
@click.option("--config", "path", default="config.yaml", show_default=True, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite the file.")
@click.option("--non-interactive", is_flag=True, help="Ask nothing: all from options and the environment.")
@click.option("--secrets-dir", type=click.Path(path_type=Path), help="Keep each secret in a file of its own there.")
@click.option("--terminal", "terminals", multiple=True, metavar="NUMBER=NAME", help="Name a terminal; repeatable.")
@click.option("--storage-url", help="The database, like sqlite:////var/lib/epay-bot/epay-bot.db.")
@_options
def init(
    path: Path,
    force: bool,
    non_interactive: bool,
    secrets_dir: Path | None,
    terminals: tuple[str, ...],
    storage_url: str | None,
    **given: Any,
) -> None:
    """Ask what is needed, try every answer at once, and write the configuration.

    Every question has an option and a variable (EPAY_BOT_INIT_…); what is given so is not asked. Secrets come from
    variables, files or unseen typing, never from the command line.
    """
    from bot.interview.asking import Interview

    logs.set_up("error", as_json=False, secrets=())
    with told_in_words():
        if not force:
            refuse_to_overwrite(path)
        answers = _given(given, terminals, storage_url)
        Interview(answers, None if non_interactive else Console(), click.echo).run()
        if not non_interactive and secrets_dir is None and click.confirm("Keep secrets in files of their own?"):
            secrets_dir = path.parent / "secrets"
        for one in write(answers, path, secrets=secrets_dir):
            click.echo(f"ok    {one} is written, for your eyes only")
    click.echo(f"Next: epay-bot run --config {path}")


def _given(given: dict[str, Any], terminals: tuple[str, ...], storage: str | None) -> Answers:
    answers = Answers(storage=storage, addresses={name: given[name] for name in _ADDRESSES if given[name]})
    for one in QUESTIONS:
        file: Path | None = given.get(f"{one.name}_file")
        text = _read(file) if file else given.get(one.name)
        if file:
            answers.files[one.name] = file.resolve()
        elif one.name in SECRETS:
            text = os.environ.get(one.variable)
        if text:
            answers.given[one.name] = text
    for terminal in terminals:
        number, _, name = terminal.partition("=")
        if not number.strip() or not name.strip():
            raise ConfigurationError(Problem("--terminal", f"{terminal}: write it like 98151552=Samal-2"))
        answers.terminals[number.strip()] = name.strip()
    return answers


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(Problem(str(file), "cannot be read as text")) from None
