from django.urls import path

from website.views import contact, pages

app_name = "public"
urlpatterns = [
    path("", pages.home, name="home"),
    *(path(f"{name}/", pages.plain, {"name": name}, name=name) for name in pages.PLAIN),
    path("knowledge/<slug:name>/", pages.article, name="article"),
    path("texts/<slug:kind>/", pages.legal, name="legal"),
    path("transparency/", pages.transparency, name="transparency"),
    path("contact/", contact.contact, name="contact"),
    path("contact/sent/", contact.contact_sent, name="contact_sent"),
]
