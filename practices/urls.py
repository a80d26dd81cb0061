from django.urls import path

from practices.views import account, confirm, desk, secrecy, set_up, sign_in, team

app_name = "practices"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/question/", sign_in.passkey_question, name="passkey_question"),
    path("sign-in/passkey/", sign_in.passkey_sign_in, name="passkey_sign_in"),
    path("enter/<str:secret>/", sign_in.enter, name="enter"),
    path("signed-out/", sign_in.signed_out, name="signed_out"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("set-up/", set_up.set_up, name="set_up"),
    path("set-up/question/", set_up.new_passkey_question, name="new_passkey_question"),
    path("set-up/passkey/", set_up.add, name="add_passkey"),
    path("set-up/app/", set_up.app, name="set_up_app"),
    path("confirm/", confirm.confirm, name="confirm"),
    path("confirm/question/", confirm.confirm_question, name="confirm_question"),
    path("confirm/passkey/", confirm.confirm_passkey, name="confirm_passkey"),
    path("secrecy/", secrecy.secrecy, name="secrecy"),
    path("account/", account.account, name="account"),
    path("account/passkeys/<uuid:passkey_id>/remove/", account.drop_passkey, name="remove_passkey"),
    path("account/app/remove/", account.drop_app, name="remove_app"),
    path("account/codes/", account.renew_codes, name="renew_codes"),
    path("account/sessions/<uuid:session_id>/end/", account.end_one, name="end_session"),
    path("account/sessions/end/", account.end_all, name="end_sessions"),
    path("desk/", desk.desk, name="desk"),
    path("desk/lock/", desk.lock_desk, name="lock"),
    path("desk/locked/", desk.locked, name="locked"),
    path("desk/unlock/", desk.unlock_desk, name="unlock"),
    path("team/", team.team, name="team"),
    path("team/invite/", team.invite_one, name="invite"),
    path("team/<int:user_id>/invite/", team.invite_once_more, name="invite_again"),
    path("team/<int:user_id>/role/", team.set_role, name="set_role"),
    path("team/<int:user_id>/active/", team.set_active, name="set_active"),
]
