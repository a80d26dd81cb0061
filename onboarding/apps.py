from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "onboarding"

    def ready(self) -> None:
        from django.core import checks

        from dermalia.residency.objections import answer_by
        from onboarding.checks import texts_are_locked
        from onboarding.domain.evidence import attestations, concluded
        from onboarding.domain.objections import objects
        from onboarding.domain.standing import KeptStanding
        from practices.domain.standing import register

        register(KeptStanding())
        answer_by(objects)
        checks.register(texts_are_locked)
        # Nonsense in the operator's statements is to be seen now, not when somebody relies on it.
        attestations(), concluded()
