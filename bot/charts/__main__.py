"""The process that draws: a chart in, a PNG out, until the bot hangs up."""

import sys
import warnings

from bot.charts.chart import from_json
from bot.charts.drawing import draw
from bot.workers import DONE, FAILED, complaint, read_frame, write_frame


def main() -> None:
    """A glyph that is missing, or anything else matplotlib would only mutter about, is a failure."""
    warnings.simplefilter("error")
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        try:
            state, answer = DONE, draw(from_json(frame))
        except Exception as error:
            state, answer = FAILED, complaint(error)
        write_frame(sys.stdout.buffer, state, answer)


if __name__ == "__main__":
    main()
