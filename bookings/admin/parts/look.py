"""Django's admin classes in the look of unfold, which publishes no types.

To the type checker they are Django's own; at run time they are unfold's subclasses of them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

__all__ = ["ModelAdmin", "TabularInline"]
