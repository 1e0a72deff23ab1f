"""How far each owner has come through the set-up."""

from bot.model import SetupStep
from bot.store.driver import Connection


def find_step(db: Connection, user_id: int) -> SetupStep | None:
    """The step somebody was last at; None before the first, or where another version had steps of its own."""
    row = db.row("SELECT step FROM setup_walk WHERE user_id = :user_id", user_id=user_id)
    return next((step for step in SetupStep if row and step == row["step"]), None)


def save_step(db: Connection, user_id: int, step: SetupStep) -> None:
    """Somebody is at this step now."""
    db.run(
        "INSERT INTO setup_walk (user_id, step) VALUES (:user_id, :step) "
        "ON CONFLICT (user_id) DO UPDATE SET step = excluded.step",
        user_id=user_id,
        step=step,
    )
