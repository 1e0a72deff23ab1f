"""Every open question about the bank as a switch (facts/epay-api.md, section 8): the values, not their effect."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Switches:
    """One reading of the bank's documents. The first value of each Literal is the default."""

    page_mode: Literal["offset", "index0", "index1"] = "offset"
    date_field: Literal["created_at", "created_date"] = "created_at"
    err_http: Literal[400, 200, 422] = 400
    expires_type: Literal["string", "number"] = "string"
    expires: Literal[7200, 900, 43199, 5] = 7200
    token_case: Literal["Bearer", "bearer"] = "Bearer"  # noqa: S105
    grant_policy: Literal["shared", "newest_only", "single_use"] = "shared"
    scope_echo: Literal["yes", "no", "other"] = "yes"
    end_inclusive: Literal[True, False] = True
    reversed_period: Literal["error", "empty"] = "error"
    like_escape: Literal["none", "backslash"] = "none"
    tz_out: Literal["+05:00", "+06:00", "Z", "mixed", "almaty"] = "+05:00"
    fraction: Literal["6", "trimmed", "none"] = "6"
    reason_code_type: Literal["int", "string"] = "int"
    empty_as: Literal["empty", "null", "missing"] = "empty"
    fail_status: Literal["error", "fail", "FAILED", "REJECT"] = "error"
    pending_status: Literal["NEW", "pending"] = "NEW"
    refund_status: Literal["REFUND", "refunded"] = "REFUND"
    terminal_filter: Literal["tid", "uuid"] = "tid"
    max_size: Literal["none", "reject100", "clamp100"] = "none"
    max_period: Literal["none", "31d"] = "none"
    unknown_order: Literal[200, 400] = 200

    @classmethod
    def values(cls) -> dict[str, tuple[Any, ...]]:
        """Switch name -> all its values, the default first."""
        return {name: get_args(hint) for name, hint in get_type_hints(cls).items()}

    @classmethod
    def one_at_a_time(cls) -> Iterator[tuple[str, "Switches"]]:
        """The default, then every other value alone, each with a label such as `page_mode=index0`."""
        yield "default", cls()
        for name, values in cls.values().items():
            for value in values[1:]:
                yield f"{name}={value}", replace(cls(), **{name: value})

    @classmethod
    def mixed(cls, seed: int) -> "Switches":
        """A combination drawn evenly over all values."""
        rng = Random(seed)
        return cls(**{name: rng.choice(values) for name, values in cls.values().items()})


DEFAULTS = Switches()
