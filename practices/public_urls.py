from django.urls import path

from practices.views import public

app_name = "public"
urlpatterns = [path("", public.home, name="home")]
