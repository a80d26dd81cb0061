from django.urls import path

from practices.views import sign_in

app_name = "practices"
urlpatterns = [
    path("enter/<str:secret>/", sign_in.enter, name="enter"),
    path("signed-out/", sign_in.signed_out, name="signed_out"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
]
