"""The screens of people: users, groups, and roles in restaurants. Owners alone give rights and passwords."""

from typing import Any

import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401 - both register screens, which go
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.admin.parts.bases import RestaurantRows, SturdyAdmin
from bookings.admin.parts.columns import column, list_action
from bookings.admin.parts.house import lead_to_house
from bookings.admin.parts.look import TabularInline
from bookings.admin.parts.owners import OwnersOnly, is_owner
from bookings.admin.parts.sign_in import SignInForm
from bookings.models import Membership
from bookings.rights import GIVE_ROLES
from bookings.selectors.memberships import list_restaurant_ids
from bookings.services.upkeep.second_factors import reset_second_factor

admin.site.index_title = "Today"
admin.site.login_form = SignInForm
admin.site.lead_elsewhere = lead_to_house  # type: ignore[attr-defined]
# The secrets of others are nobody's business.
admin.site.unregister([User, Group, TOTPDevice, StaticDevice])


class MembershipInline(TabularInline[Membership, User]):
    """The roles of a user, one a restaurant."""

    model = Membership
    extra = 1
    verbose_name_plural = "Roles in restaurants"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Give a field the name that stands at the head of its column alone."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(field.label)
        return field


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], SturdyAdmin):
    """The users with their rights; whoever may change users, and is no owner, corrects names and addresses alone."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_per_page = 50
    # Two lists beside each other need the whole width.
    compressed_fields = False
    actions: Any = ("reset_second_factor",)
    fields_of_others = ("username", "first_name", "last_name", "email")
    # All of a new colleague on one page: name, password, and the role below.
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": (*fields_of_others, "is_staff")}),
        ("Password", {"classes": ("wide",), "fields": ("usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Show others than owners the people of their restaurants, and those of none; never an owner."""
        users: QuerySet[User] = super().get_queryset(request)
        ids = list_restaurant_ids(request.user)
        if ids is None:
            return users
        near = Q(memberships__restaurant__in=ids) | Q(memberships=None)
        return users.filter(near, is_superuser=False).distinct()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Let a new colleague sign in here."""
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return (MembershipInline,) if is_owner(request) else ()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if is_owner(request):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": self.fields_of_others}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return tuple(super().get_readonly_fields(request, obj)) if is_owner(request) else ("username",)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return super().get_list_filter(request) if is_owner(request) else ("is_active",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_owner(request)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return is_owner(request)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return is_owner(request)

    @list_action("Reset the second factor", permissions=("reset",))
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let users whose phone is lost set up another one; what they had opens nothing any more."""
        for user in queryset:
            _reset(self, request, user)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set the password of a user; everybody changes the own one by its own page, with the old one."""
        if not is_owner(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


def _reset(screen: SturdyAdmin, request: HttpRequest, user: User) -> None:
    if reset_second_factor(user=user):
        screen.log_change(request, user, "Second factor reset.")
        messages.success(request, f"{user} sets up a second factor at the next page.")
    else:
        messages.warning(request, f"{user} has no second factor.")


@admin.register(Group)
class GroupAdmin(OwnersOnly, DjangoGroupAdmin, SturdyAdmin):
    """The permissions that several users share."""

    compressed_fields = False


class MembershipForm(forms.ModelForm[Membership]):
    """The role of a person, who is named as at signing in: a list of users would show those of other restaurants."""

    username = forms.CharField(
        label="User name", widget=UnfoldAdminTextInputWidget, help_text="As the person signs in here."
    )

    class Meta:
        model = Membership
        fields = ("restaurant", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["username"]

    def clean_username(self) -> str:
        """Find the user.

        Raises: `ValidationError`.
        """
        username: str = self.cleaned_data["username"]
        user = User.objects.filter(username=username, is_staff=True).first() if "\x00" not in username else None
        if user is None:
            raise forms.ValidationError("No member of the staff signs in by this name.", code="unknown")
        self.instance.user = user
        return username

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        user, restaurant = getattr(self.instance, "user", None), values.get("restaurant")
        if user and restaurant and Membership.objects.filter(user=user, restaurant=restaurant).exists():
            self.add_error("username", forms.ValidationError("Has a role there already: change that.", code="unique"))
        return values


@admin.register(Membership)
class MembershipAdmin(RestaurantRows, SturdyAdmin):
    """The people of the restaurants with their roles; those of a restaurant are given by its own owners too."""

    form = MembershipForm
    list_display = ("person", "restaurant", "role")
    list_filter = ("restaurant", "role")
    list_select_related = ("user", "restaurant")
    search_fields = ("user__username", "user__first_name", "user__last_name", "user__email")
    ordering = ("restaurant__name", "user__username", "pk")
    readonly_fields = ("person",)
    actions: Any = ("reset_second_factor",)

    def get_fieldsets(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        who = "username" if obj is None else "person"
        return ((None, {"fields": (who, "restaurant", "role")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("person", "restaurant")

    def _permissions(self, *verbs: str) -> list[str]:
        """Name what no permission of an account gives."""
        return [GIVE_ROLES]

    @list_action("Reset the second factor", permissions=("change",))
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Let people whose phone is lost set up another one, if nobody else gives them any of their roles."""
        own = list_restaurant_ids(request.user, GIVE_ROLES)
        for user in User.objects.filter(memberships__in=queryset).distinct():
            is_own = not user.is_superuser and not user.memberships.exclude(restaurant__in=own or ()).exists()
            if own is None or is_own:
                _reset(self, request, user)
            else:
                messages.error(request, f"The second factor of {user} is reset by a superuser.")

    @column("Person", ordering="user__username")
    def person(self, membership: Membership) -> str:
        name = membership.user.get_full_name()
        return f"{name} ({membership.user.username})" if name else membership.user.username
