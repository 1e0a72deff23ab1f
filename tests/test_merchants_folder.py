"""merchants.d/: merchants in files of their own, every problem named with its file, secrets beside them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Settings, exposed_files, load
from bot.errors import ConfigurationError
from bot.rules import check_settings

BANK = {"username": "u", "password": "bank-pass", "client_id": "c", "client_secret": "bank-secret"}
MAIN: dict[str, Any] = {"telegram": {"token": "123456:token"}}


def a_merchant(id: str, **epay: Any) -> dict[str, Any]:
    return {"id": id, "name": f"Merchant {id}", "epay": BANK | epay}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration without merchants beside an empty folder."""
    (tmp_path / "merchants.d").mkdir()
    return write(tmp_path / "config.yaml", MAIN)


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    path.chmod(0o600)
    return path


def put(path: Path, name: str, content: object) -> Path:
    """A file of the folder."""
    return write(path.parent / "merchants.d" / name, content)


def read(path: Path) -> Settings:
    return load(path, check_settings)


def ids(path: Path) -> list[str]:
    return [merchant.id for merchant in read(path).merchants]


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read(path)
    return [str(problem) for problem in refused.value.problems]


def test_merchants_of_the_folder_follow_those_of_the_file_by_name(path: Path) -> None:
    write(path, MAIN | {"merchants": [a_merchant("main")]})
    put(path, "b.yaml", a_merchant("one"))
    put(path, "a.yaml", [a_merchant("two"), a_merchant("three")])
    assert ids(path) == ["main", "two", "three", "one"]
    assert [merchant.place for merchant in read(path).merchants][-2:] == [
        "three (merchants.d/a.yaml)",
        "one (merchants.d/b.yaml)",
    ]


@pytest.mark.parametrize("merchants", [{}, {"merchants": []}])
def test_the_folder_alone_is_enough(path: Path, merchants: dict[str, Any]) -> None:
    write(path, MAIN | merchants)
    put(path, "shop.yaml", a_merchant("shop"))
    assert ids(path) == ["shop"]


@pytest.mark.parametrize("merchants", [{}, {"merchants": []}])
def test_somebody_must_be_a_merchant(path: Path, merchants: dict[str, Any]) -> None:
    write(path, MAIN | merchants)
    assert problems(path) == ["merchants: at least one merchant is needed, here or in merchants.d/"]
    (path.parent / "merchants.d").rmdir()
    assert problems(path) == ["merchants: at least one merchant is needed, here or in merchants.d/"]


def test_what_editors_and_packagers_leave_is_no_merchant_and_a_file_may_be_emptied(path: Path) -> None:
    put(path, "shop.yaml", a_merchant("shop"))
    for name in ("shop.yaml~", ".shop.yaml.swp", ".#shop.yaml", "#shop.yaml#", "shop.yaml.bak", ".hidden.yaml"):
        put(path, name, "{ not even YAML")
    put(path, "gone.yaml", "# id: gone\n")
    assert ids(path) == ["shop"]


def test_a_file_that_only_seems_to_be_read_is_told(path: Path) -> None:
    put(path, "shop.yml", a_merchant("shop"))
    assert problems(path) == ["merchants.d/shop.yml: only files that end in .yaml are read"]


def test_every_problem_of_every_file_is_named_at_once(path: Path) -> None:
    write(path, MAIN | {"timezone": "Mars/Olympus", "alerts": {"incidents": {"escalate_to": {"sohp": [1]}}}})
    without = {name: value for name, value in BANK.items() if name != "password"}
    put(path, "a.yaml", {"id": "a", "name": "A", "epay": without, "colour": "red"})
    put(path, "b.yaml", [a_merchant("b"), a_merchant("c", timeout="soon"), "what"])
    put(path, "broken.yaml", "id: [\n")
    put(path, "odd.yaml", "5")
    put(path, "wrapped.yaml", {"merchants": [a_merchant("w")]})
    (path.parent / "merchants.d/loose.yaml").symlink_to("nowhere")
    folder = path.parent / "merchants.d"
    assert problems(path) == [
        f"{folder}/broken.yaml is not valid YAML: line 2, expected the node content, but found '<stream end>'",
        f"{folder}/loose.yaml cannot be read: No such file or directory",
        "alerts.incidents.escalate_to.sohp: no merchant has this id",
        "merchants.d/a.yaml: colour: unknown key; see config.example.yaml",
        "merchants.d/a.yaml: epay.password: missing",
        "merchants.d/b.yaml: [1].epay.timeout: a duration is written like 15s, 10m, 2h or 56d",
        "merchants.d/b.yaml: [2]: input should be a valid dictionary or instance of MerchantSettings",
        "merchants.d/odd.yaml: one merchant or a list of merchants is expected",
        "merchants.d/wrapped.yaml: one merchant or a list of merchants is expected",
        "timezone: no such time zone; Kazakhstan is Asia/Almaty",
    ]


def test_an_id_that_somebody_has_is_told_with_both_places(path: Path) -> None:
    write(path, MAIN | {"merchants": [a_merchant("main"), a_merchant("shop")]})
    put(path, "a.yaml", a_merchant("one"))
    put(path, "b.yaml", [a_merchant("two"), a_merchant("one"), a_merchant("two")])
    put(path, "c.yaml", a_merchant("shop"))
    assert problems(path) == [
        "merchants.d/b.yaml: [1].id: one is the id in merchants.d/a.yaml as well",
        "merchants.d/b.yaml: [2].id: two is the id in merchants.d/b.yaml: [0] as well",
        "merchants.d/c.yaml: id: shop is the id in config.yaml: merchants[1] as well",
    ]


def test_secrets_lie_beside_the_file_that_names_them(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path.parent / "elsewhere").mkdir()
    monkeypatch.chdir(path.parent / "elsewhere")
    secrets = path.parent / "merchants.d" / "secrets"
    secrets.mkdir()
    (secrets / "shop").write_text("from beside\n")
    (path.parent / "absolute").write_text("from afar")
    epay = {"username": "u", "client_id": "c", "password_file": "secrets/shop"}
    epay["client_secret_file"] = str(path.parent / "absolute")
    put(path, "shop.yaml", {"id": "shop", "name": "Shop", "epay": epay})
    (shop,) = read(path).merchants
    assert shop.epay.password.get_secret_value() == "from beside"
    assert shop.epay.client_secret.get_secret_value() == "from afar"
    for file, mode in ((secrets / "shop", 0o604), (path.parent / "absolute", 0o600)):
        file.chmod(mode)
    assert exposed_files(path) == [secrets / "shop"]
    epay["password_file"] = "secrets/nobody"
    put(path, "shop.yaml", {"id": "shop", "name": "Shop", "epay": epay})
    assert problems(path) == [
        "merchants.d/shop.yaml: epay: password_file secrets/nobody cannot be read: No such file or directory"
    ]


def test_a_file_of_the_folder_that_everybody_can_read_is_exposed(path: Path) -> None:
    put(path, "quiet.yaml", a_merchant("quiet"))
    shown = put(path, "shown.yaml", [a_merchant("shown")])
    shown.chmod(0o644)
    assert exposed_files(path) == [shown]


def test_what_merchants_share_is_said_once_and_each_may_say_otherwise(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPAY_BOT__EPAY__PAGE_SIZE", "500")
    shared = {"environment": "test", "timeout": "30s", "page_mode": "index1"}
    write(path, MAIN | {"epay": shared, "merchants": [a_merchant("main", timeout="5s")]})
    put(path, "shop.yaml", a_merchant("shop", environment="production"))
    main, shop = (merchant.epay for merchant in read(path).merchants)
    assert [(one.environment, one.timeout.seconds) for one in (main, shop)] == [("test", 5), ("production", 30)]
    assert [(one.page_mode, one.page_size) for one in (main, shop)] == [("index1", 500)] * 2
    assert shop.password.get_secret_value() == "bank-pass"
    write(path, MAIN | {"epay": {"password": "for all", "timeout": "soon"}})
    assert problems(path) == [
        "epay.password: unknown key; see config.example.yaml",
        "epay.timeout: a duration is written like 15s, 10m, 2h or 56d",
    ]


def test_the_environment_replaces_the_merchants_of_the_file_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(path, MAIN | {"merchants": [a_merchant("main")]})
    put(path, "shop.yaml", a_merchant("shop"))
    monkeypatch.setenv("EPAY_BOT__MERCHANTS", json.dumps([a_merchant("env")]))
    assert ids(path) == ["env", "shop"]


def test_no_problem_of_the_folder_shows_a_secret(path: Path) -> None:
    put(path, "a.yaml", {"id": "s3cret", "name": 5, "epay": BANK | {"password": ["s3cret"], "timeout": "s3cret"}})
    put(path, "b.yaml", "id: b\nepay: {password: 's3cret\n")
    assert "s3cret" not in "\n".join(problems(path))
