"""A grave act takes a passkey, shown for exactly this act."""

from typing import Any

import pytest

from audit.models import Entry
from audit.words import Action
from operators.domain.log import no_practice
from operators.models import Operator, OperatorPasskey
from tests.operators.conftest import ROLLED_BACK, Desk, authenticator
from tests.practices.authenticator import PRESENT

pytestmark = [ROLLED_BACK]

TYPED = {"reason": "They have left the company"}


@pytest.fixture
def colleague(admin: Desk) -> Operator:
    return Operator.objects.create(name="Demo Colleague")


def path_of(who: Operator) -> str:
    return f"/people/{who.handle}/end/"


def is_in(who: Operator) -> bool:
    return Operator.objects.get(pk=who.pk).is_active


def test_with_a_passkey_for_it_the_act_is_done(admin: Desk, colleague: Operator) -> None:
    assert admin.do(path_of(colleague), TYPED).status_code == 302
    assert not is_in(colleague)


def test_without_a_passkey_it_is_not(admin: Desk, colleague: Operator) -> None:
    assert admin.post(path_of(colleague), TYPED).status_code == 401
    assert is_in(colleague)


def test_one_signature_is_one_act(admin: Desk, colleague: Operator) -> None:
    other = Operator.objects.create(name="Demo Other")
    answer = admin.sign(path_of(colleague), TYPED)
    assert admin.post(path_of(colleague), {**TYPED, "answer": answer}).status_code == 302
    Operator.objects.update(is_active=True)
    for who in (colleague, other):
        assert admin.post(path_of(who), {**TYPED, "answer": answer}).status_code == 401
        assert is_in(who)


def test_a_signature_for_one_object_does_not_fit_another(admin: Desk, colleague: Operator) -> None:
    other = Operator.objects.create(name="Demo Other")
    answer = admin.sign(path_of(colleague), TYPED)
    assert admin.post(path_of(other), {**TYPED, "answer": answer}).status_code == 401
    assert is_in(other)
    with no_practice():
        assert Entry.objects.latest("sequence").action == Action.ADMIN_REFUSED


def test_a_signature_for_one_reason_does_not_fit_another(admin: Desk, colleague: Operator) -> None:
    answer = admin.sign(path_of(colleague), TYPED)
    changed = {"reason": "Another reason altogether", "answer": answer}
    assert admin.post(path_of(colleague), changed).status_code == 401
    assert is_in(colleague)


def test_a_signature_for_one_act_does_not_fit_another(admin: Desk, colleague: Operator) -> None:
    admin.post("/passkeys/unlock/?question")
    answer = admin.first.get(admin.client.post("/passkeys/unlock/?question").json())
    assert admin.post(path_of(colleague), {**TYPED, "answer": answer}).status_code == 401
    assert is_in(colleague)


def test_a_sign_in_is_no_signature(admin: Desk, colleague: Operator) -> None:
    answer = admin.first.get(admin.client.post("/sign-in/question/").json())
    assert admin.post(path_of(colleague), {**TYPED, "answer": answer}).status_code == 401
    assert is_in(colleague)


def test_a_signature_is_no_sign_in_for_another_session(admin: Desk, colleague: Operator) -> None:
    answer = admin.sign(path_of(colleague), TYPED)
    elsewhere = Desk(first=admin.first, second=admin.second)
    elsewhere.sign_in()
    elsewhere.state()
    elsewhere.client.cookies.update(
        {name: morsel for name, morsel in admin.client.cookies.items() if "question" in name}
    )
    typed = {**TYPED, "answer": answer}
    assert elsewhere.post(path_of(colleague), typed).status_code == 401
    assert is_in(colleague)


def test_it_takes_user_verification(admin: Desk, colleague: Operator) -> None:
    admin.first.flags = PRESENT
    assert admin.do(path_of(colleague), TYPED).status_code == 401
    assert is_in(colleague)


def test_a_stranger_s_passkey_signs_nothing(admin: Desk, colleague: Operator) -> None:
    admin.first = authenticator()
    assert admin.do(path_of(colleague), TYPED).status_code == 401
    assert is_in(colleague)


@pytest.mark.parametrize("typed", [{}, {"reason": ""}, {"reason": "short"}, {"reason": " " * 40}])
def test_without_a_reason_there_is_not_even_a_question(
    admin: Desk, colleague: Operator, typed: dict[str, Any]
) -> None:
    assert admin.post(f"{path_of(colleague)}?question", typed).status_code == 422
    assert admin.post(path_of(colleague), typed).status_code == 422
    assert is_in(colleague)


def test_nobody_ends_themselves(admin: Desk) -> None:
    assert admin.do(path_of(admin.operator), TYPED).status_code == 409
    assert is_in(admin.operator)


def test_whoever_is_deactivated_is_out_at_once(admin: Desk) -> None:
    from operators.domain.people import deactivate

    deactivate(handle=admin.operator.handle)
    assert admin.get("/")["Location"].startswith("/sign-in/")
    assert Desk(first=admin.first).sign_in().status_code == 403


def test_a_third_passkey_takes_a_passkey(admin: Desk) -> None:
    third = authenticator()
    assert admin.post("/passkeys/question/").status_code == 403
    assert admin.post("/passkeys/add/", {"answer": "{}"}).status_code == 403
    assert admin.do("/passkeys/unlock/").status_code == 302
    assert admin.make_passkey(third).status_code == 302
    assert OperatorPasskey.objects.count() == 3


def test_a_passkey_is_removed_by_a_passkey_and_two_are_left(admin: Desk) -> None:
    admin.do("/passkeys/unlock/")
    admin.make_passkey(authenticator())
    newest = OperatorPasskey.objects.latest("created_at")
    path = f"/passkeys/{newest.pk}/remove/"
    assert admin.post(path).status_code == 401
    assert admin.do(path).status_code == 302
    oldest = OperatorPasskey.objects.earliest("created_at")
    assert admin.do(f"/passkeys/{oldest.pk}/remove/").status_code == 409
    assert OperatorPasskey.objects.count() == 2


def test_nobody_removes_a_colleague_s_passkey(admin: Desk, colleague: Operator) -> None:
    theirs = OperatorPasskey.objects.create(
        operator=colleague, credential_id=b"x", public_key=b"x", sign_count=0, name="x"
    )
    assert admin.post(f"/passkeys/{theirs.pk}/remove/").status_code == 404
