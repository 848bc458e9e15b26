from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from apps.accounts import selectors
        from apps.accounts.models import ApprovalLimit, Branch, Entity, User
        from apps.audit import subjects
        from apps.core import history

        history.keep(User, exclude=["password", "last_login"], masked=["email", "name"])
        for model in (ApprovalLimit, Branch, Entity):
            history.keep(model)
        subjects.register("accounts.user", visible=selectors.may_see_person)
