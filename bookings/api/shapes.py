"""The schema of an answer, read from the struct that renders it."""

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any

from msgspec import inspect, structs
from rest_framework import serializers

from bookings.contract.guests import Address, Answer, Instant, WallTime
from config.values import WALL_TIME_PATTERN

Field = serializers.Field[Any, Any, Any, Any]

_PLAIN_FIELDS: dict[type, Callable[..., Field]] = {
    inspect.BoolType: serializers.BooleanField,
    inspect.DateType: serializers.DateField,
    inspect.IntType: serializers.IntegerField,
    inspect.StrType: serializers.CharField,
    inspect.UUIDType: serializers.UUIDField,
}
_WRITTEN_FIELDS: dict[type, Callable[..., Field]] = {
    Address: serializers.URLField,
    Instant: serializers.DateTimeField,
    WallTime: lambda **options: serializers.RegexField(f"^{WALL_TIME_PATTERN}$", **options),
}


@cache
def serializer_of(answer: type[Answer]) -> type[serializers.Serializer[Any]]:
    """Return the serializer that describes an answer; it renders nothing."""
    fields = {field.encode_name: _field(inspect.type_info(field.type)) for field in structs.fields(answer)}
    name = answer.__name__.removesuffix("Answer")
    return type(name, (serializers.Serializer,), {"__doc__": answer.__doc__, **fields})


def _field(kind: inspect.Type, **options: Any) -> Field:
    match kind:
        case inspect.Metadata(type=described, extra_json_schema=extra):
            return _field(described, help_text=(extra or {})["description"], **options)
        case inspect.UnionType(types=(value, inspect.NoneType())):
            return _field(value, allow_null=True, **options)
        case inspect.StructType(cls=answer):
            return serializer_of(answer)(**options)
        case inspect.ListType(item_type=inspect.StructType(cls=answer)):
            return serializer_of(answer)(many=True, **options)
        case inspect.ListType(item_type=item, max_length=most):
            return serializers.ListField(child=_field(item), max_length=most, **options)
        case inspect.EnumType(cls=choices) | inspect.CustomType(cls=choices) if issubclass(choices, Enum):
            return serializers.ChoiceField(choices=[choice.value for choice in choices], **options)
        case inspect.CustomType(cls=written):
            return _WRITTEN_FIELDS[written](**options)
    return _PLAIN_FIELDS[type(kind)](**options)
