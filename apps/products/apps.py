from django.apps import AppConfig


class ProductsConfig(AppConfig):
    name = "apps.products"

    def ready(self) -> None:
        from apps.core import history
        from apps.products.models import Fee, Product

        for model in (Product, Fee):
            history.keep(model)
