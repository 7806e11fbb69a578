"""Secrets in a file are sealed for the place that they stand at, found by their type, and open nowhere else."""

from typing import Any, Literal

import pytest
from rest_like import TRANSPORTS, BearerAuth, RestSend, RestService

from pipeline.errors import Misconfigured
from pipeline.registry.changes import Change, changes
from pipeline.registry.export import to_yaml
from pipeline.registry.findings import RegistryErrors
from pipeline.registry.read import Reading, read_texts
from pipeline.registry.references import SecretReference, named, resolve, resolve_secret
from pipeline.registry.registry import compile_registry
from pipeline.registry.sealed import is_sealed, key_of, seal
from pipeline.registry.sealing import Sealing, resealed
from pipeline.registry.section import Section
from pipeline.registry.transport_schema import TransportSchema
from pipeline.secret_keys import SecretKeys, new_key, read_keys

SECRET = "hunter2-hunter2"
OLD, NEW = new_key("old"), new_key("new")
ENVIRON = {"MIH_SECRET_KEYS": f"{NEW},{OLD}"}
KEYS = read_keys(ENVIRON["MIH_SECRET_KEYS"])


class Signature(Section):
    secrets: list[SecretReference]


class SignedService(RestService):
    transport: Literal["signed"]  # type: ignore[assignment]  # another transport's name
    webhook_signature: Signature | None = None


WITH_SIGNED = {**TRANSPORTS, "signed": TransportSchema("signed", SignedService, RestSend)}


def file_with(token: str, service: str = "erp") -> str:
    auth = f"auth: {{type: bearer, token: '{token}'}}"
    return f"version: 1\nservices:\n  {service}:\n    transport: rest\n    url: https://e.org\n    {auth}\n"


def read(text: str, stored: dict[str, Any] | None = None, keys: SecretKeys = KEYS) -> Reading:
    return read_texts({"m.yaml": text}, WITH_SIGNED, sealing=Sealing(keys, stored or {}))


def errors_in(text: str, keys: SecretKeys = KEYS) -> list[str]:
    with pytest.raises(RegistryErrors) as caught:
        read(text, keys=keys)
    assert SECRET not in str(caught.value)
    return str(caught.value).splitlines()


def token_in(document: Any, service: str = "erp") -> str:
    token: str = document["services"][service]["auth"]["token"]
    return token


def opened(document: Any, service: str = "erp") -> str:
    """What a sender gets that opens a service of a stored document."""
    auth = compile_registry(document, 1, WITH_SIGNED).services[service].auth  # type: ignore[attr-defined]  # REST's own
    assert isinstance(auth, BearerAuth)
    return resolve_secret(auth.token, ENVIRON).get_secret_value()


def test_a_secret_in_a_file_is_sealed_with_the_newest_key_and_opens_where_it_is_used() -> None:
    document = read(file_with(SECRET)).document
    assert SECRET not in str(document)
    assert is_sealed(token_in(document))
    assert key_of(token_in(document)) == "new"
    assert opened(document) == SECRET


def test_what_is_read_and_compiled_does_not_print_a_secret() -> None:
    reading = read(file_with(SECRET))
    assert SECRET not in f"{reading!r} {compile_registry(reading.document, 1, WITH_SIGNED)!r}"


def test_secrets_are_found_by_their_type_wherever_they_stand() -> None:
    text = (
        "version: 1\nservices:\n  erp:\n    transport: signed\n    url: https://e.org\n    description: hunter1\n"
        f"    webhook_signature: {{secrets: ['{SECRET}', 'env:OLDER', '{SECRET}-2']}}\n"
    )
    document = read(text).document
    service = document["services"]["erp"]
    first, second, third = service["webhook_signature"]["secrets"]
    assert (is_sealed(first), second, is_sealed(third), service["description"]) == (True, "env:OLDER", True, "hunter1")
    compiled = compile_registry(document, 1, WITH_SIGNED).services["erp"]
    assert isinstance(compiled, SignedService)
    assert compiled.webhook_signature
    found = [resolve(text, {**ENVIRON, "OLDER": "0ld"}) for text in compiled.webhook_signature.secrets]
    assert found == [SECRET, "0ld", f"{SECRET}-2"]


def test_secrets_move_down_in_their_list_when_a_newer_one_comes_and_open_in_no_other() -> None:
    text = "version: 1\nservices: {erp: {transport: signed, url: 'https://e.org', webhook_signature: {secrets: [%s]}}}"
    [sealed] = read(text % SECRET).document["services"]["erp"]["webhook_signature"]["secrets"]
    newer, older = read(text % f"newer, '{sealed}'").document["services"]["erp"]["webhook_signature"]["secrets"]
    assert (is_sealed(newer), older) == (True, sealed)
    assert errors_in((text % f"newer, '{sealed}'").replace("erp", "crm"))[0].startswith(
        "m.yaml:2: services.crm.webhook_signature.secrets[1]: services/crm/webhook_signature/secrets does not open"
    )


def test_a_secret_that_says_the_same_keeps_its_sealed_text_though_an_older_key_sealed_it() -> None:
    stored = read(file_with(SECRET), keys=read_keys(OLD)).document
    assert read(file_with(SECRET), dict(stored)).document == stored
    assert read(to_yaml(stored), dict(stored)).document == stored


def test_a_sealed_text_of_an_older_key_that_is_not_in_force_is_sealed_anew() -> None:
    written = token_in(read(file_with(SECRET), keys=read_keys(OLD)).document)
    document = read(file_with(written)).document
    assert key_of(token_in(document)) == "new"
    assert opened(document) == SECRET


def test_a_sealed_text_of_the_newest_key_is_stored_as_it_is_written() -> None:
    sealed = seal(SECRET, "services/erp/auth/token", KEYS)
    assert token_in(read(file_with(sealed)).document) == sealed


def test_a_stored_secret_that_does_not_open_is_replaced() -> None:
    stored = read(file_with(SECRET), keys=read_keys(new_key("lost"))).document
    document = read(file_with(SECRET), dict(stored)).document
    assert opened(document) == SECRET


@pytest.mark.parametrize(
    ("place", "keys", "told"),
    [
        ("services/crm/auth/token", NEW, "does not open with the key new: it was sealed for another place"),
        (
            "services/erp/auth/token",
            new_key("lost"),
            "is sealed with the key lost, which MIH_SECRET_KEYS does not hold, only new, old",
        ),
        ("services/erp/auth/token", new_key("new"), "does not open with the key new"),
    ],
    ids=["elsewhere", "lost", "another"],
)
def test_a_sealed_text_that_does_not_open_is_told_with_line_place_and_key(place: str, keys: str, told: str) -> None:
    [line] = errors_in(file_with(seal(SECRET, place, read_keys(keys))))
    assert line.startswith(f"m.yaml:6: services.erp.auth.token: services/erp/auth/token {told}")


def test_a_sealed_text_is_refused_without_keys() -> None:
    sealed = seal(SECRET, "services/erp/auth/token", KEYS)
    place = "m.yaml:6: services.erp.auth.token: services/erp/auth/token"
    told = [f"{place} is sealed with the key new, and no MIH_SECRET_KEYS is set"]
    assert errors_in(file_with(sealed), keys={}) == told


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_a_sealed_text_that_is_cut_does_not_open(cut: int) -> None:
    sealed = seal(SECRET, "services/erp/auth/token", KEYS)
    assert "or is damaged" in errors_in(file_with(sealed[:-cut]))[0]


def test_a_place_that_somebody_wrote_behind_a_sealed_text_is_not_believed() -> None:
    sealed = seal(SECRET, "services/crm/auth/token", KEYS)
    assert len(errors_in(file_with(f"{sealed}@services/crm/auth/token"))) == 1
    with pytest.raises(RegistryErrors):
        opened({"version": 1, "services": {"erp": _service(f"{sealed}@services/crm/auth/token")}})


def test_sealed_texts_that_were_swapped_in_the_database_do_not_open_and_the_place_is_told() -> None:
    moved = seal(SECRET, "services/crm/auth/token", KEYS)
    with pytest.raises(Misconfigured, match="services/erp/auth/token does not open with the key new"):
        opened({"version": 1, "services": {"erp": _service(moved)}})


def test_a_sealed_address_opens_too() -> None:
    sealed = seal("https://hooks.example.org/T0ken", "services/erp/url", KEYS)
    document = read(f"version: 1\nservices: {{erp: {{transport: rest, url: '{sealed}'}}}}").document
    service = compile_registry(document, 1, WITH_SIGNED).services["erp"]
    assert isinstance(service, RestService)
    assert resolve(service.url, ENVIRON) == "https://hooks.example.org/T0ken"


def test_a_rule_can_hold_no_sealed_text() -> None:
    sealed = seal(SECRET, "rules/r/payload", KEYS)
    text = file_with("env:T") + f"rules: {{r: {{event: x, service: erp, payload: '{sealed}'}}}}\n"
    assert "found a reference: they are read for services only" in errors_in(text)[0]


def test_a_changed_secret_is_told_and_not_shown() -> None:
    before = read(file_with(SECRET)).document
    assert changes(before, read(file_with("an0ther")).document) == [
        Change("changed", "service", "erp", {"auth.token": ("sealed (not shown)", "sealed (not shown)")})
    ]
    [change] = changes(before, read(file_with("env:ERP_TOKEN")).document)
    assert change.keys == {"auth.token": ("sealed (not shown)", "env:ERP_TOKEN")}


def test_all_that_can_be_sealed_anew_is_and_the_rest_is_told_and_left() -> None:
    lost = seal(SECRET, "services/b/auth/token", read_keys(new_key("lost")))
    old = seal(SECRET, "services/a/auth/token", read_keys(OLD))
    document = {"version": 1, "services": {"a": _service(old), "b": _service(lost), "c": _service("env:C")}}
    count, closed = resealed(document, KEYS)
    assert (count, len(closed)) == (1, 1)
    assert closed[0].startswith("services/b/auth/token is sealed with the key lost")
    assert key_of(token_in(document, "a")) == "new"
    assert token_in(document, "b") == lost
    assert opened(document, "a") == SECRET
    assert resealed(document, KEYS) == (0, closed)


def test_people_are_told_of_a_sealed_secret_by_its_place() -> None:
    sealed = seal(SECRET, "services/erp/auth/token", KEYS)
    assert named(f"{sealed}@services/erp/auth/token") == "the sealed secret services/erp/auth/token"
    assert named("env:ERP_TOKEN") == "env:ERP_TOKEN"


def _service(token: str) -> dict[str, Any]:
    return {"transport": "rest", "url": "https://e.org", "auth": {"type": "bearer", "token": token}}
