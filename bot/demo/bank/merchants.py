"""Who banks here: merchants, their keys and terminals. Invented data only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BankTerminal:
    """`tid` is the 8-digit number of records, `uuid` the TerminalID of the contract; `per_day` counts operations."""

    tid: str
    uuid: str
    name: str
    per_day: float = 300


@dataclass(frozen=True, slots=True)
class BankMerchant:
    """One customer of the bank with the cabinet login and the client pair that open its tokens."""

    id: str
    username: str
    password: str
    client_id: str
    client_secret: str
    terminals: tuple[BankTerminal, ...]


def default_merchants(per_day: float = 300) -> tuple[BankMerchant, ...]:
    """Two merchants of two terminals each; `per_day=0` makes a world in which only `World.add` creates rows."""
    return (
        BankMerchant(
            id="shop",
            username="shop@example.com",
            password="sh#p&p$ss%20*)",  # noqa: S106 - signs that break careless form encoding
            client_id="SHOPCLIENT",
            client_secret="s+cr=t&1",  # noqa: S106
            terminals=(
                BankTerminal("98151552", "0b0c1a52-5a1e-4b0e-9d37-61f1a5a0c001", "Samal-2", per_day),
                BankTerminal("98151553", "0b0c1a52-5a1e-4b0e-9d37-61f1a5a0c002", "Dostyk", per_day),
            ),
        ),
        BankMerchant(
            id="bakery",
            username="bakery@example.kz",
            password="n@n & tea",  # noqa: S106
            client_id="BAKERYCLIENT",
            client_secret="f%l#o*ur)",  # noqa: S106
            terminals=(
                BankTerminal("97200101", "7f3d2c10-88aa-4c1f-8a55-3f0d6e4b0001", "Abay", per_day),
                BankTerminal("97200102", "7f3d2c10-88aa-4c1f-8a55-3f0d6e4b0002", "Turan", per_day),
            ),
        ),
    )


def many_merchants(count: int, per_day: float) -> tuple[BankMerchant, ...]:
    """So many merchants of two terminals each, every one with keys of its own; `per_day` of each terminal."""
    return tuple(_numbered(number, per_day) for number in range(1, count + 1))


def _numbered(number: int, per_day: float) -> BankMerchant:
    id_ = f"m{number:04d}"
    return BankMerchant(
        id=id_,
        username=f"{id_}@example.kz",
        password=f"p@ss {id_}",
        client_id=f"CLIENT{number:04d}",
        client_secret=f"s&cret={id_}",
        terminals=tuple(
            BankTerminal(
                f"{40_000_000 + 10 * number + place}", str(UUID(int=10 * number + place, version=4)), name, per_day
            )
            for place, name in enumerate(("Samal", "Dostyk"))
        ),
    )
