"""The queryset of tables, and their order by number."""

from typing import TYPE_CHECKING, Any, Self

from django.db.models import DecimalField, F, Func, QuerySet, Value
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from tables.models import Table  # noqa: F401 - named in the string below


class TableQuerySet(QuerySet["Table"]):
    """Tables of one or more restaurants."""

    def in_number_order(self) -> Self:
        """Order by number as people read it, T2 before T10."""
        return self.order_by(*number_order("number"))


def number_order(field: str) -> tuple[Any, ...]:
    """Return the ordering of a table number column: its text part, its first number, the whole."""
    prefix = Func(F(field), Value(r"\d.*$"), Value(""), function="regexp_replace")
    digits = Func(F(field), Value(r"\d+"), function="substring")
    return prefix, Cast(digits, DecimalField(max_digits=30, decimal_places=0)), F(field)
