"""The forms of settings rows: a refusal of the service, or a value without sense, stands at its field."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, UniqueConstraint
from django.utils.text import capfirst
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminCheckboxSelectMultipleWidget

from bookings.admin.parts.links import linked_message
from bookings.admin.parts.versions import fingerprint_of, values_of
from bookings.contacts import EmailInvalid, read_email
from config.errors import DomainError, InputInvalid
from config.values import LINE_BREAKS, TextInvalid, read_name, read_text
from tables.validators import validate_date

AS_READ_INPUT = "_as_read"


class ClockInput(forms.TimeInput):
    """The browser's own input of a wall-clock time, to the minute."""

    def __init__(self) -> None:
        super().__init__(format="%H:%M", attrs={"type": "time", "class": " ".join((*BASE_INPUT_CLASSES, "max-w-40"))})


class DayInput(forms.DateInput):
    """The browser's own input of a date."""

    def __init__(self) -> None:
        super().__init__(
            format="%Y-%m-%d", attrs={"type": "date", "class": " ".join((*BASE_INPUT_CLASSES, "max-w-48"))}
        )


class DayField(forms.DateField):
    """The field of a date that somebody types."""

    widget = DayInput
    default_validators: ClassVar[list[Any]] = [validate_date]  # type: ignore[misc]


class ClockField(forms.TimeField):
    """The field of a wall-clock time to the minute: a service has no seconds."""

    input_formats = ("%H:%M",)

    def to_python(self, value: Any) -> Any:
        """Return the time; who writes 24:00 is told how midnight is written."""
        if value == "24:00":
            raise forms.ValidationError("Midnight is 00:00.", code="invalid")
        return super().to_python(value)


class NamesRestaurant:
    """The labels of a restaurant's rows; each names the restaurant while that is still open."""

    names_restaurant = True

    def label_from_instance(self, obj: Any) -> str:
        on_date = getattr(obj, "on_date", None)
        name = f"{obj} ({on_date:%-d %b %Y})" if on_date else str(obj)
        return f"{obj.restaurant} · {name}" if self.names_restaurant else name


class OwnedChoiceField(NamesRestaurant, forms.ModelChoiceField[Any]):
    """The choice of one row of a restaurant."""


class OwnedChoicesField(NamesRestaurant, forms.ModelMultipleChoiceField[Any]):
    """The choice of any rows of a restaurant."""


def checkbox_field(
    column: ArrayField[Any, Any], *, label: str | None = None, help_text: str | None = None
) -> forms.TypedMultipleChoiceField:
    """Return one checkbox for each choice of an array column."""
    base = column.base_field
    return forms.TypedMultipleChoiceField(
        choices=base.get_choices(include_blank=False),
        coerce=base.to_python,
        required=not column.blank,
        initial=column.get_default,
        label=label or capfirst(column.verbose_name),
        help_text=help_text or column.help_text,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )


class TypedInput(forms.BaseForm):
    """The input of the staff, read as that of the API: numbers of the digits 0 to 9, text that forges nothing."""

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        for name, field in self.fields.items():
            try:
                if isinstance(field, forms.CharField):
                    self._read_text(name, field)
                elif not _is_ascii(self[name].data):
                    raise ValidationError("Write numbers, dates and times with the digits 0 to 9.", code="digits")
            except ValidationError as error:
                self.add_error(name, error)

    def _read_text(self, name: str, field: forms.CharField) -> None:
        text = self.cleaned_data.get(name)
        if not isinstance(text, str) or not text:
            return
        try:
            is_long = isinstance(field.widget, forms.Textarea)
            read = read_text(text, but=LINE_BREAKS) if is_long else read_name(text)
            if field.strip:
                self.cleaned_data[name] = read_email(read) if isinstance(field, forms.EmailField) else read
        except TextInvalid as error:
            raise ValidationError(str(error), code=error.code) from error
        except EmailInvalid as error:
            raise ValidationError(str(error), code="invalid") from error


def _is_ascii(data: Any) -> bool:
    return all(str(item).isascii() for item in (data if isinstance(data, list | tuple) else (data,)))


class SettingsForm(TypedInput, forms.ModelForm[Any]):
    """The form of a restaurant's row that a service writes."""

    # The refusal by the service of the save of this request.
    refusal: ClassVar[DomainError | None] = None
    # The restaurants whose rows the form offers; None stands for every restaurant.
    restaurant_ids: ClassVar[Collection[int] | None] = None
    # Shown again as it was filled in, whatever it says: its consequences were not wanted.
    is_put_back: ClassVar[bool] = False
    # The field that tells rows of one restaurant apart.
    identified_by: ClassVar[str | None] = None
    # Two rows that say the same are one too many where this is set: a second click, not a wish.
    refuses_twins: ClassVar[bool] = False
    # (smaller field, larger field, message at the larger one)
    in_order: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    # (field, field, message at whichever is missing)
    in_pairs: ClassVar[tuple[tuple[str, str, str], ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_fixed = bool(self.instance.pk) and hasattr(self.instance, "restaurant_id")
        for name, field in self._owned_choices().items():
            field.names_restaurant = not is_fixed
            if self.restaurant_ids is not None:
                field.queryset = field.queryset.filter(restaurant__in=self.restaurant_ids)
            if is_fixed:
                field.queryset = field.queryset.filter(restaurant_id=self.instance.restaurant_id)
            if hasattr(field.queryset.model, "retired_at"):
                # A retired row stays where it is, and is offered nowhere else.
                current = getattr(self.instance, f"{name}_id", None)
                field.queryset = field.queryset.filter(Q(retired_at=None) | Q(pk=current))

    def _owned_choices(self) -> Mapping[str, Any]:
        return {name: field for name, field in self.fields.items() if isinstance(field, NamesRestaurant)}

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_put_back

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._refuse_stale_edit()
        self._refuse_strangers()
        self._refuse_disorder()
        if self.refusal is not None:
            self._add_refusal(self.refusal)
        return self.cleaned_data

    def _refuse_stale_edit(self) -> None:
        # Before _post_clean the instance is the row as it is now.
        as_read = self.data.get(AS_READ_INPUT)
        if as_read and not self.instance._state.adding and as_read != fingerprint_of(self.instance):
            name = self.instance._meta.verbose_name
            message = f"Somebody else changed this {name} after you opened it. Reload the page to see it as it is now."
            self.add_error(None, ValidationError(message, code="stale"))

    def _refuse_strangers(self) -> None:
        restaurant = self.cleaned_data.get("restaurant") or getattr(self.instance, "restaurant", None)
        for name in self._owned_choices():
            chosen = self.cleaned_data.get(name) or ()
            rows = chosen if isinstance(chosen, Iterable) else (chosen,)
            strangers = [str(row) for row in rows if restaurant and row.restaurant_id != restaurant.pk]
            if strangers:
                message = f"Not of {restaurant}: {', '.join(strangers)}."
                self.add_error(name, ValidationError(message, code="stranger"))

    def _refuse_disorder(self) -> None:
        values = self.cleaned_data
        for smaller, larger, message in self.in_order:
            low, high = values.get(smaller), values.get(larger)
            if low is not None and high is not None and high < low:
                self.add_error(larger, ValidationError(message, code="order"))
        for first, second, message in self.in_pairs:
            if (values.get(first) is None) != (values.get(second) is None) and not {first, second} & set(self.errors):
                missing = first if values.get(first) is None else second
                self.add_error(missing, ValidationError(message, code="pair"))

    def _add_refusal(self, refusal: DomainError) -> None:
        if not isinstance(refusal, InputInvalid):
            self.add_error(None, ValidationError(linked_message(refusal), code=refusal.code))
            return
        for name, problems in refusal.details.items():
            for problem in problems:
                error = ValidationError(problem["message"], code=problem["code"])
                self.add_error(name if name in self.fields else None, error)

    def _get_validation_exclusions(self) -> set[str]:
        # Where the restaurant is fixed it is no field, and Django would skip every uniqueness within it.
        exclusions: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclusions | {"restaurant"}

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self._refuse_taken_identity(self.instance)
        if self.refuses_twins and not self.errors:
            self._refuse_twin(self.instance)

    def _refuse_taken_identity(self, row: Model) -> None:
        unique = (rule for rule in row._meta.constraints if isinstance(rule, UniqueConstraint))
        for constraint in unique:
            try:
                constraint.validate(type(row), row, exclude=set(self.errors))
            except ValidationError:
                name = row._meta.verbose_name
                label = str(self.fields[self.identified_by].label).lower() if self.identified_by else "values"
                message = f"This restaurant has another {name} with the same {label}."
                self.add_error(self.identified_by, ValidationError(message, code="unique"))

    def _refuse_twin(self, row: Model) -> None:
        same = type(row)._default_manager.filter(**values_of(row)).exclude(pk=row.pk)
        if same.exists():
            message = f"The same {row._meta.verbose_name} is there already."
            self.add_error(None, ValidationError(message, code="twin"))
