"""The screens of blocks: tables that are kept free for a time."""

from datetime import UTC, datetime, tzinfo
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from bookings.admin.parts.actor import actor_of
from bookings.admin.parts.columns import REASON, column
from bookings.admin.parts.filters import NamedChoicesFilter
from bookings.admin.parts.forms import ClockField, ClockInput, DayField, OwnedChoiceField, SettingsForm
from bookings.admin.parts.outcomes import describe_reseating
from bookings.admin.parts.passings import PassingField, asked_of, offer_passings
from bookings.admin.parts.previews import confirmed_in
from bookings.admin.parts.settings_rows import SettingsAdmin
from bookings.admin.parts.shown import short_time
from bookings.models import TableAssignment
from bookings.services import BlockOutcome, block_section, block_tables, unblock_table
from capacity.calendar.wall_clock import instants_of
from capacity.selectors import ClockTimestamp
from config.errors import DomainError, InputInvalid
from tables.choices import TableStatus
from tables.models import Restaurant, Section, Table, TableBlock
from tables.querysets import number_order

# Names of the services' input, and the fields of the form where a person corrects it.
FIELDS = {"tableIds": "table", "sectionId": "section", "startsAt": "from_time", "endsAt": "until_time"}

SKIPPED = "That night the clocks go forward, and this time does not exist."


class BlockForm(SettingsForm):
    """A table or a whole section, from and until on the restaurant's wall, and why."""

    table = OwnedChoiceField(
        queryset=Table.objects.exclude(status=TableStatus.RETIRED)
        .select_related("restaurant")
        .order_by("restaurant__name", *number_order("number")),
        required=False,
        empty_label="A whole section",
        widget=UnfoldAdminSelectWidget,
    )
    section = OwnedChoiceField(
        queryset=Section.objects.select_related("restaurant").order_by("restaurant__name", "name"),
        required=False,
        empty_label="One table",
        widget=UnfoldAdminSelectWidget,
    )
    from_date = DayField(label="From")
    from_time = ClockField(label="From, time", widget=ClockInput())
    from_passing = PassingField("From: which of the two")
    until_date = DayField(label="Until")
    until_time = ClockField(label="Until, time", widget=ClockInput(), help_text="On the restaurant's clock.")
    until_passing = PassingField("Until: which of the two")

    class Meta:
        labels: ClassVar[dict[str, str]] = {"reason": "Reason"}
        help_texts: ClassVar[dict[str, str]] = {"reason": "Stands in the history of every party that is moved."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

        restaurant = asked_of(self, "restaurant") if self.is_bound else None
        self._passings = {end: self._offer_passings(end, restaurant) for end in ("from", "until")}

    def _offer_passings(self, end: str, restaurant: Restaurant | None) -> tuple[datetime, ...]:
        """Offer and return the instants of an end of the time: none where the clocks jump over it."""
        on, at = (asked_of(self, f"{end}_{part}") for part in ("date", "time"))
        is_known = None not in (restaurant, on, at)
        passings = instants_of(datetime.combine(on, at), restaurant.zone) if restaurant and is_known else ()
        offer_passings(self, f"{end}_passing", passings, restaurant.zone if restaurant else UTC)
        return passings

    def clean(self) -> dict[str, Any]:
        super().clean()
        for end, passings in self._passings.items():
            if not passings and not {"restaurant", f"{end}_date", f"{end}_time"} & set(self.errors):
                self.add_error(f"{end}_time", ValidationError(SKIPPED, code="nonexistent"))
        if {"table", "section"} & set(self.errors):
            return self.cleaned_data
        if bool(self.cleaned_data.get("table")) == bool(self.cleaned_data.get("section")):
            self.add_error("table", ValidationError("Choose a table or a section.", code="one_of"))
        return self.cleaned_data

    def instant(self, name: str) -> datetime:
        """Return an end of the time as an instant."""
        chosen: datetime | None = self.cleaned_data[f"{name}_passing"]
        return chosen or self._passings[name][0]

    def _add_refusal(self, refusal: DomainError) -> None:
        if isinstance(refusal, InputInvalid):
            details = {FIELDS.get(name, name): problems for name, problems in refusal.details.items()}
            refusal = InputInvalid(details, refusal.message)
        super()._add_refusal(refusal)


class BlockTimeFilter(NamedChoicesFilter):
    """Blocks that are not over, unless asked otherwise."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now"), ("coming", "From now on"), ("over", "Over"), ("all", "All")]

    def value(self) -> str:
        return super().value() or "coming"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = ClockTimestamp()
        match self.value():
            case "now":
                return queryset.filter(starts_at__lte=now, ends_at__gt=now)
            case "coming":
                return queryset.filter(ends_at__gt=now)
            case "over":
                return queryset.filter(ends_at__lte=now)
        return queryset


@admin.register(TableBlock)
class TableBlockAdmin(SettingsAdmin):
    """Tables that are kept free for a time, written by the services that re-seat who is in the way."""

    form = BlockForm
    list_display = ("table_number", "restaurant", "starts", "ends", REASON, "by", "parties")
    list_filter = (BlockTimeFilter, "restaurant")
    list_select_related = ("table", "restaurant", "created_by")
    search_fields = ("table__number", "table__section__name", "reason")
    ordering = ("starts_at", "pk")
    sortable_by = ("restaurant", "starts", "ends", REASON)
    delete_note = "The table is given out again at once."
    delete_effect = "Nobody is moved back."
    add_fields = (
        "restaurant",
        "table",
        "section",
        ("from_date", "from_time", "from_passing"),
        ("until_date", "until_time", "until_passing"),
        "reason",
    )
    shown_fields = ("table_number", "restaurant", "starts", "ends", REASON, "by", "parties")

    def has_change_permission(self, request: HttpRequest, obj: TableBlock | None = None) -> bool:
        """Keep a block as it is: whoever wants another time deletes it and adds that one."""
        return obj is None and bool(super().has_change_permission(request))

    def get_fields(self, request: HttpRequest, obj: TableBlock | None = None) -> Any:
        return self.add_fields if obj is None else self.shown_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else self.shown_fields

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[SettingsForm]:
        """Ask for two columns of the row; the service works out the others."""
        kwargs["fields"] = ("restaurant", "reason") if obj is None else ()
        return super().get_form(request, obj, change=change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableBlock]:
        blocks: QuerySet[TableBlock] = super().get_queryset(request)
        return blocks.annotate(parties_there=_count_parties())

    def save_model(self, request: HttpRequest, obj: TableBlock, form: Any, change: bool) -> None:
        """Block through the service, and say who was moved and who was not.

        Raises: `DomainError`, which `DurableAdmin` puts on the form.
        """
        outcome = _block(request, form)
        # The page goes on with the first block, where the row of the form was only asked for.
        obj.__dict__.update(outcome.blocks[0].__dict__)
        numbers = [block.table.number for block in outcome.blocks]
        if len(numbers) > 1:
            messages.success(request, f"{len(numbers)} tables are blocked: {', '.join(numbers)}.")
        for level, message in describe_reseating(outcome.moves, outcome.left):
            messages.add_message(request, level, message)

    def preview_delete(self, request: HttpRequest, row: TableBlock) -> dict[str, Any]:
        """Show no consequences: nobody is moved back."""
        return {}

    def delete_model(self, request: HttpRequest, obj: TableBlock) -> None:
        """Give the table back through the service, and log it."""
        block = unblock_table(block_id=obj.pk, actor=actor_of(request))
        self.log_deleted(request, block)

    @column("Table", ordering="table__number")
    def table_number(self, block: TableBlock) -> str:
        return block.table.number

    @column("From", ordering="starts_at")
    def starts(self, block: TableBlock) -> str:
        return short_time(block.starts_at, block.restaurant.zone)

    @column("Until", ordering="ends_at")
    def ends(self, block: TableBlock) -> str:
        return short_time(block.ends_at, block.restaurant.zone)

    @column("By")
    def by(self, block: TableBlock) -> str:
        return str(block.created_by or "-")

    @column("Parties still there")
    def parties(self, block: Any) -> int:
        there: int = block.parties_there
        return there


def _block(request: HttpRequest, form: BlockForm) -> BlockOutcome:
    values = form.cleaned_data
    restaurant, table, section = values["restaurant"], values["table"], values["section"]
    asked: dict[str, Any] = {
        "restaurant_id": restaurant.pk,
        "starts_at": form.instant("from"),
        "ends_at": form.instant("until"),
        "reason": values["reason"],
        "actor": actor_of(request),
        "confirmed": confirmed_in(request),
    }
    if section is not None:
        return block_section(section_id=section.pk, **asked)
    return block_tables(table_ids=[table.pk], **asked)


def _count_parties() -> Coalesce:
    met = TableAssignment.objects.filter(
        Q(table=OuterRef("table")),
        during__startswith__lt=OuterRef("ends_at"),
        during__endswith__gt=OuterRef("starts_at"),
    )
    counted = met.order_by().values("table").annotate(number=Count("booking", distinct=True))
    return Coalesce(Subquery(counted.values("number")), 0)


def shown_block_time(block: TableBlock, zone: tzinfo) -> str:
    """Say from when until when a table is blocked, on the wall of the restaurant."""
    return f"{short_time(block.starts_at, zone)} to {short_time(block.ends_at, zone)}"
