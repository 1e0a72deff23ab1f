"""One database that is named on the command line instead of in the file."""

import os

from pydantic import ValidationError

from bot.config.secrets import PREFIX
from bot.config.sections import Storage
from bot.errors import ConfigurationError, Problem


def read_storage(option: str, url: str, password_file: str | None) -> Storage:
    """The database an option means; a password for a server comes from the file, else from the environment.

    Raises ConfigurationError, without a word of the password.
    """
    given = {"url": url}
    password = os.environ.get(f"{PREFIX}STORAGE__PASSWORD")
    if url.startswith("postgresql://") and (password_file or password):
        given |= {"password_file": password_file} if password_file else {"password": password or ""}
    try:
        return Storage.model_validate(given)
    except ValidationError as error:
        said = [detail["msg"].removeprefix("Value error, ") for detail in error.errors(include_input=False)]
        raise ConfigurationError(*(Problem(option, text) for text in said)) from None
