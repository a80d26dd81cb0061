"""Root keys in a key management service: the real SDK against a stand-in over HTTP."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from dermalia.residency.egress import EgressRefused
from dermalia.sandbox.kms import KmsStandIn
from dermalia.sealing import rotation
from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.sealing.keyring import KeyRefused, Keyring, KeysUnavailable
from dermalia.sealing.kms import Credentials, Kms, keys_from
from dermalia.sealing.remembered import Remembered
from dermalia.sealing.roots import root_keys
from tests.sealing.test_rotation import read, run, seal

KEY, NAME = bytes(range(32)), b"practice/1/1"


@pytest.fixture
def service() -> Iterator[KmsStandIn]:
    with KmsStandIn() as running:
        yield running


@pytest.fixture
def kms(service: KmsStandIn) -> Kms:
    return using(service, {1: service.new_key()})


def using(service: KmsStandIn, keys: dict[int, str]) -> Kms:
    return Kms(keys, Credentials("AKIATEST", "for this test"), service.url)


def test_what_was_wrapped_opens_under_its_own_name_only(kms: Kms) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    assert (version, kms.unwrap(1, wrapped, bound_to=NAME)) == (1, KEY)
    assert KEY not in wrapped
    with pytest.raises(KeyRefused, match="does not open"):
        kms.unwrap(1, wrapped, bound_to=b"practice/2/1")


def test_a_key_wrapped_by_another_version_is_refused(service: KmsStandIn) -> None:
    both = using(service, {1: service.new_key(), 2: service.new_key()})
    version, wrapped = both.wrap(KEY, bound_to=NAME)
    assert version == 2
    with pytest.raises(KeyRefused, match="does not open"):
        both.unwrap(1, wrapped, bound_to=NAME)
    with pytest.raises(KeyRefused, match="no root key version 3"):
        both.unwrap(3, wrapped, bound_to=NAME)


@pytest.mark.parametrize(
    ("state", "says"), [("Disabled", "enable it"), ("PendingDeletion", "cancel that at once")]
)
def test_a_key_that_cannot_be_used_says_what_to_do(
    service: KmsStandIn, kms: Kms, state: str, says: str
) -> None:
    _, wrapped = kms.wrap(KEY, bound_to=NAME)
    service.set_state(kms.keys[1], state)
    with pytest.raises(KeyRefused, match=says):
        kms.unwrap(1, wrapped, bound_to=NAME)
    service.keys.clear()
    with pytest.raises(KeyRefused, match="does not exist"):
        kms.unwrap(1, wrapped, bound_to=NAME)


def test_flipped_bits_are_refused(kms: Kms) -> None:
    _, wrapped = kms.wrap(KEY, bound_to=NAME)
    with pytest.raises(KeyRefused):
        kms.unwrap(1, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), bound_to=NAME)


@pytest.mark.parametrize("fault", ["busy", "drop", "gateway"])
def test_a_hiccup_is_tried_again(service: KmsStandIn, kms: Kms, fault: str) -> None:
    service.faults.arm(fault)
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    assert kms.unwrap(version, wrapped, bound_to=NAME) == KEY


@pytest.mark.parametrize("fault", ["busy", "drop", "status"])
def test_a_service_that_stays_away_is_unavailable_not_refusing(
    service: KmsStandIn, kms: Kms, fault: str
) -> None:
    service.faults.arm(fault, times=None)
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        kms.wrap(KEY, bound_to=NAME)
    assert time.monotonic() - began < 20


def test_the_machine_s_own_configuration_is_not_asked(
    service: KmsStandIn, kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODY")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    kms.wrap(KEY, bound_to=NAME)
    assert [operation for operation, _ in service.calls] == ["Encrypt"]


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        "1=arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        "1=arn:aws:kms:eu-central-1:111122223333:key/mrk-11111111222233334444555555555555",
        "1=arn:aws:kms:eu-central-1:111122223333:alias/root",
        "0=arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555",
    ],
)
def test_keys_that_could_be_elsewhere_are_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DERMALIA_KMS_KEYS"):
        keys_from(text)


def test_a_key_is_asked_for_once_in_a_while(service: KmsStandIn, kms: Kms) -> None:
    roots = Remembered(kms, seconds=0.2)
    version, wrapped = roots.wrap(KEY, bound_to=NAME)
    for _ in range(3):
        assert roots.unwrap(version, wrapped, bound_to=NAME) == KEY
    assert operations(service) == ["Encrypt", "Decrypt"]
    time.sleep(0.25)
    roots.unwrap(version, wrapped, bound_to=NAME)
    assert operations(service) == ["Encrypt", "Decrypt", "Decrypt"]
    assert KEY.hex() not in repr(roots)


def test_remembering_does_not_help_a_tampered_or_moved_key(kms: Kms) -> None:
    roots = Remembered(kms)
    version, wrapped = roots.wrap(KEY, bound_to=NAME)
    roots.unwrap(version, wrapped, bound_to=NAME)
    with pytest.raises(KeyRefused):
        roots.unwrap(version, wrapped[:-1] + b"x", bound_to=NAME)
    with pytest.raises(KeyRefused):
        roots.unwrap(version, wrapped, bound_to=b"practice/2/1")


def test_only_so_many_keys_are_remembered(service: KmsStandIn, kms: Kms) -> None:
    roots = Remembered(kms, size=2)
    wrapped = [roots.wrap(KEY, bound_to=b"practice/%d/1" % n)[1] for n in range(3)]
    for number in (0, 1, 2, 0):
        roots.unwrap(1, wrapped[number], bound_to=b"practice/%d/1" % number)
    assert operations(service).count("Decrypt") == 4


def operations(service: KmsStandIn) -> list[str]:
    return [operation for operation, _ in service.calls]


@pytest.fixture
def installation(
    committed: None, service: KmsStandIn, settings: Settings, tmp_path: Path
) -> Iterator[Path]:
    """An installation with a keyring file, and the service within reach."""
    path = tmp_path / "keyring.json"
    Keyring(current=1, keys={1: KEY}).write(path)
    settings.KEYRING_FILE, settings.KMS_ENDPOINT = path, service.url
    settings.KMS_ACCESS_KEY, settings.KMS_SECRET_KEY = "AKIATEST", "for this test"
    settings.SANDBOX_ORIGINS = [*settings.SANDBOX_ORIGINS, service.url]
    root_keys.cache_clear()
    yield path
    root_keys.cache_clear()


def test_an_installation_moves_from_its_file_to_the_service(
    installation: Path, service: KmsStandIn, settings: Settings
) -> None:
    from practices.domain.tenants import create_practice

    practice = create_practice(name="Demo practice", email="practice@example.org")
    sealed = seal(practice)
    settings.KMS_KEYS = f"2={service.new_key()}"
    root_keys.cache_clear()
    assert read(practice, sealed) == b"a face"
    assert "1 practice keys wrapped by root key 2" in run("rewrap")
    settings.KEYRING_FILE = None
    root_keys.cache_clear()
    require_fitting_root_keys()
    assert read(practice, sealed) == b"a face"
    assert rotation.usage().practice_keys == {2: 1}
    sent = [
        base64.b64decode(wish["Plaintext"]) for verb, wish in service.calls if verb == "Encrypt"
    ]
    assert [len(plain) for plain in sent] == [32]
    contexts = {wish["EncryptionContext"]["dermalia"] for _, wish in service.calls}
    assert contexts == {f"practice/{practice.pk}/1"}


def test_a_version_in_both_places_is_refused(
    installation: Path, service: KmsStandIn, settings: Settings
) -> None:
    settings.KMS_KEYS = f"1={service.new_key()}"
    with pytest.raises(ImproperlyConfigured, match="version 1 is in the keyring file and in"):
        root_keys()


def test_a_service_outside_of_the_register_is_not_spoken_to(
    installation: Path, service: KmsStandIn, settings: Settings
) -> None:
    settings.KMS_KEYS = f"2={service.new_key()}"
    settings.KMS_ENDPOINT = "https://kms.us-east-1.amazonaws.com"
    with pytest.raises(EgressRefused):
        root_keys()
