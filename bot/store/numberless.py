"""sqlite-utils without numpy, which it loads wherever it is installed: only the drawing process has a use for it."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations
else:
    _known = sys.modules.get("numpy")
    sys.modules["numpy"] = None
    try:
        _library = import_module("sqlite_utils")
    finally:
        del sys.modules["numpy"]
        if _known is not None:
            sys.modules["numpy"] = _known
    Database, Migrations = _library.Database, _library.Migrations

__all__ = ["Database", "Migrations"]
