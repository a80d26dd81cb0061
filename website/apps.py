from django.apps import AppConfig


class WebsiteConfig(AppConfig):
    name = "website"

    def ready(self) -> None:
        from dermalia.sealing import holders
        from website.domain.inquiry_keys import InquiryKeys

        holders.register(InquiryKeys())
