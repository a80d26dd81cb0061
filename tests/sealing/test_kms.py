"""Root keys in a key management service: the real SDK against a stand-in over HTTP."""

import base64
import json
import logging
import os
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from dermalia.residency.egress import EgressRefused
from dermalia.residency.register import admits
from dermalia.sandbox.kms import KmsStandIn
from dermalia.sealing import rotation
from dermalia.sealing.boot import require_fitting_root_keys
from dermalia.sealing.keyring import KeyRefused, Keyring, KeysUnavailable
from dermalia.sealing.kms import ENDPOINT, Credentials, Kms, keys_from
from dermalia.sealing.roots import root_keys
from tests.residency.lines import certificate, listening
from tests.sealing.test_rotation import read, run, seal
from tests.waiting import long_before

KEY, NAME = bytes(range(32)), b"practice/1/1"
ACCESS, SECRET = "AKIATEST", "for this test"
ARN = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def service() -> Iterator[KmsStandIn]:
    with KmsStandIn(access_key=ACCESS, secret_key=SECRET) as running:
        yield running


@pytest.fixture
def kms(service: KmsStandIn) -> Kms:
    return using(service, {1: service.new_key()})


def using(
    service: KmsStandIn, keys: dict[int, str], *, secret: str = SECRET, read_seconds: float = 4
) -> Kms:
    return Kms(keys, Credentials(ACCESS, secret), service.url, read_seconds=read_seconds)


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


@pytest.mark.parametrize(("fault", "times"), [("busy", 2), ("drop", 1), ("gateway", 2)])
def test_a_hiccup_is_tried_again(service: KmsStandIn, kms: Kms, fault: str, times: int) -> None:
    service.faults.arm(fault, times=times)
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    assert kms.unwrap(version, wrapped, bound_to=NAME) == KEY


@pytest.mark.parametrize("fault", ["busy", "drop", "status"])
def test_a_service_that_stays_away_is_unavailable_not_refusing(
    service: KmsStandIn, kms: Kms, fault: str
) -> None:
    service.faults.arm(fault, times=None)
    with pytest.raises(KeysUnavailable):
        kms.wrap(KEY, bound_to=NAME)
    assert service.count("call") == 3


def test_a_service_that_hangs_is_unavailable_in_time(service: KmsStandIn) -> None:
    hurried = using(service, {1: service.new_key()}, read_seconds=0.2)
    service.faults.arm("hang", times=None)
    with long_before(60), pytest.raises(KeysUnavailable, match="does not answer"):
        hurried.wrap(KEY, bound_to=NAME)


def test_a_service_that_is_down_is_unavailable_and_found_again(
    service: KmsStandIn, kms: Kms
) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    service.stop()
    with pytest.raises(KeysUnavailable, match="does not answer"):
        kms.unwrap(version, wrapped, bound_to=NAME)
    service.start()
    assert kms.unwrap(version, wrapped, bound_to=NAME) == KEY


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"null",
        b"[]",
        b'{"Plaintext": "AAAA"}',
        b'{"KeyId": "%(arn)b"}',
        b'{"KeyId": "%(arn)b", "Plaintext": ""}',
        b'{"KeyId": "%(arn)b", "Plaintext": "A"}',
        b'{"KeyId": "%(arn)b", "Plaintext": 7}',
    ],
)
def test_an_answer_that_is_none_says_nothing_about_a_key(
    service: KmsStandIn, kms: Kms, body: bytes
) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    service.garbage = body.replace(b"%(arn)b", kms.keys[1].encode())
    service.faults.arm("garbage")
    with pytest.raises(KeysUnavailable, match="cannot be read"):
        kms.unwrap(version, wrapped, bound_to=NAME)


def test_an_answer_in_another_key_s_name_is_refused(service: KmsStandIn, kms: Kms) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    forged = {"KeyId": service.new_key(), "Plaintext": base64.b64encode(KEY).decode()}
    service.garbage = json.dumps(forged).encode()
    service.faults.arm("garbage")
    with pytest.raises(KeyRefused, match="another key answered"):
        kms.unwrap(version, wrapped, bound_to=NAME)


@pytest.mark.parametrize("length", [0, 6145])
def test_bytes_no_key_of_the_service_can_have_made_are_not_sent(
    service: KmsStandIn, kms: Kms, length: int
) -> None:
    with pytest.raises(KeyRefused, match="does not open"):
        kms.unwrap(1, bytes(length), bound_to=NAME)
    assert service.log == ()


def test_an_account_that_is_not_accepted_says_what_to_check(service: KmsStandIn) -> None:
    stranger = using(service, {1: service.new_key()}, secret="another")
    with pytest.raises(KeyRefused, match=r"InvalidSignatureException.*DERMALIA_KMS_SECRET_KEY"):
        stranger.wrap(KEY, bound_to=NAME)
    assert service.calls == []


def test_an_old_version_opens_after_a_new_one_wraps(service: KmsStandIn, kms: Kms) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    rotated = using(service, {**kms.keys, 2: service.new_key()})
    assert rotated.wrap(KEY, bound_to=NAME)[0] == 2
    assert rotated.unwrap(version, wrapped, bound_to=NAME) == KEY


def test_keys_that_fit_pass_the_check_and_a_trial(service: KmsStandIn) -> None:
    using(service, {1: service.new_key(), 2: service.new_key()}).check()
    assert service.operations == ["DescribeKey", "DescribeKey", "Encrypt", "Decrypt"]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ({"state": "Disabled"}, "version 1 has KeyState 'Disabled', not 'Enabled'"),
        ({"state": "PendingDeletion"}, "version 1 has KeyState 'PendingDeletion'"),
        ({"usage": "SIGN_VERIFY"}, "version 1 has KeyUsage 'SIGN_VERIFY'"),
        ({"spec": "RSA_2048"}, "version 1 has KeySpec 'RSA_2048'"),
    ],
)
def test_a_key_that_does_not_fit_fails_the_check(
    service: KmsStandIn, key: dict[str, str], says: str
) -> None:
    keys = {1: service.new_key(**key), 2: service.new_key()}
    with pytest.raises(ImproperlyConfigured, match=says):
        using(service, keys).check()
    assert set(service.operations) == {"DescribeKey"}


def test_a_check_that_gets_no_answer_blames_no_key(service: KmsStandIn, kms: Kms) -> None:
    service.faults.arm("status", times=None)
    with pytest.raises(KeysUnavailable):
        kms.check()
    service.faults.clear()
    service.keys.clear()
    with pytest.raises(ImproperlyConfigured, match="does not exist"):
        kms.check()


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_process_has_a_connection_of_its_own(service: KmsStandIn, kms: Kms) -> None:
    kms.wrap(KEY, bound_to=NAME)
    assert service.connections == 1
    child = os.fork()
    if child == 0:
        try:
            kms.wrap(KEY, bound_to=NAME)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert service.operations == ["Encrypt", "Encrypt"]
    assert service.connections == 2


def test_threads_at_once_each_get_their_own_answer(kms: Kms) -> None:
    names = [b"practice/%d/1" % number for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        wrapped = list(pool.map(lambda name: kms.wrap(name, bound_to=name)[1], names))
        opened = pool.map(lambda one, name: kms.unwrap(1, one, bound_to=name), wrapped, names)
        assert list(opened) == names


def test_the_machine_s_own_configuration_is_not_asked(
    service: KmsStandIn, kms: Kms, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kms" / "2014-11-01").mkdir(parents=True)
    (tmp_path / "kms" / "2014-11-01" / "service-2.json").write_text("{}")
    ambient = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "SOMEBODY",
        "AWS_SECRET_ACCESS_KEY": "else",
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PROFILE": "somebody",
        "AWS_DATA_PATH": str(tmp_path),
        "AWS_USE_FIPS_ENDPOINT": "true",
    }
    for name, value in ambient.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    kms.wrap(KEY, bound_to=NAME)
    assert service.operations == ["Encrypt"]


def test_neither_metadata_service_nor_monitor_of_the_machine_hears_of_us(
    kms: Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are named by the environment: a place for credentials, and one for reports of calls."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as monitor, listening(print) as heard:
        monitor.bind(("127.0.0.1", 0))
        monitor.settimeout(0.1)
        port, came = heard
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
        monkeypatch.setenv("AWS_CSM_ENABLED", "true")
        monkeypatch.setenv("AWS_CSM_PORT", str(monitor.getsockname()[1]))
        kms.wrap(KEY, bound_to=NAME)
        assert came == []
        with pytest.raises(TimeoutError):
            monitor.recv(4096)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_the_environment_vouches_for_is_not_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    pem = certificate("localhost", tmp_path)
    monkeypatch.setenv(variable, str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    said: list[bytes] = []

    def answer(line: object) -> None:
        with context.wrap_socket(line, server_side=True) as secured:  # type: ignore[arg-type]
            said.append(secured.recv(65536))

    with listening(answer) as (port, came):
        away = Kms({1: ARN}, Credentials(ACCESS, SECRET), f"https://localhost:{port}")
        with pytest.raises(KeysUnavailable) as refusal:
            away.wrap(KEY, bound_to=NAME)
    assert "CERTIFICATE_VERIFY_FAILED" in str(refusal.value.__cause__)
    assert came
    assert said == []


def test_no_log_shows_a_key_however_much_is_logged(
    kms: Kms, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    kms.unwrap(version, wrapped, bound_to=NAME)
    assert base64.b64encode(KEY).decode() not in caplog.text
    assert SECRET not in caplog.text + repr(kms)


def test_a_key_leaves_in_clear_to_be_wrapped_only(service: KmsStandIn, kms: Kms) -> None:
    version, wrapped = kms.wrap(KEY, bound_to=NAME)
    kms.unwrap(version, wrapped, bound_to=NAME)
    (_, encrypt), (_, decrypt) = service.calls
    clear = base64.b64encode(KEY).decode()
    assert encrypt.pop("Plaintext") == clear
    assert clear not in json.dumps([encrypt, decrypt])
    assert (
        encrypt["EncryptionContext"] == decrypt["EncryptionContext"] == {"dermalia": "practice/1/1"}
    )


def test_the_register_names_the_service_in_frankfurt_alone() -> None:
    assert Kms({1: ARN}, Credentials(ACCESS, SECRET))._client.meta.endpoint_url == ENDPOINT
    assert admits(ENDPOINT.removeprefix("https://"))
    for host in ("kms.us-east-1.amazonaws.com", "kms-fips.eu-central-1.amazonaws.com"):
        assert not admits(host)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        "1=arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        "1=arn:aws:kms:eu-central-1:111122223333:key/mrk-11111111222233334444555555555555",
        "1=arn:aws:kms:eu-central-1:111122223333:alias/root",
        "1=arn:aws-cn:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555",
        f"0={ARN}",
        f"-1={ARN}",
        f"99999={ARN}",
        f"\u0661={ARN}",
        f"one={ARN}",
        f"1={ARN},1={ARN}",
        f"1={ARN},2={ARN}",
        f"1={ARN};2={ARN}",
        "1=",
        " , ",
        "",
    ],
)
def test_keys_that_are_odd_or_could_be_elsewhere_are_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DERMALIA_KMS_KEYS"):
        keys_from(text)


def test_keys_are_read_with_their_versions() -> None:
    other = ARN.replace("1111-", "9999-")
    assert keys_from(f" 2={other}, 1={ARN} ,") == {1: ARN, 2: other}


@pytest.fixture
def installation(
    committed: None, service: KmsStandIn, settings: Settings, tmp_path: Path
) -> Iterator[Path]:
    """An installation with a keyring file, and the service within reach."""
    path = tmp_path / "keyring.json"
    Keyring(current=1, keys={1: KEY}).write(path)
    settings.KEYRING_FILE, settings.KMS_ENDPOINT = path, service.url
    settings.KMS_ACCESS_KEY, settings.KMS_SECRET_KEY = ACCESS, SECRET
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
    assert [len(plain) for plain in sent] == [32, 32]
    contexts = {
        wish["EncryptionContext"]["dermalia"] for verb, wish in service.calls if verb == "Encrypt"
    }
    assert contexts == {f"practice/{practice.pk}/1", "check"}


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
