from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "onboarding"

    def ready(self) -> None:
        from onboarding.domain.evidence import attestations, concluded
        from onboarding.domain.standing import KeptStanding
        from practices.domain.standing import register

        register(KeptStanding())
        # Nonsense in the operator's statements is to be seen now, not when somebody relies on it.
        attestations(), concluded()
