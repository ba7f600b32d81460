"""The screens of users and groups, in the look of the others; owners alone give rights and passwords."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from bookings.admin.parts.bases import SturdyAdmin
from bookings.admin.parts.owners import OwnersOnly, is_owner
from bookings.admin.parts.sign_in import SignInForm

admin.site.index_title = "Today"
admin.site.login_form = SignInForm
admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], SturdyAdmin):
    """The users with their rights; whoever may change users, and is no owner, corrects names and addresses alone."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_per_page = 50
    # Two lists beside each other need the whole width.
    compressed_fields = False
    fields_of_others = ("username", "first_name", "last_name", "email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Keep the accounts of owners from everybody else."""
        users: QuerySet[User] = super().get_queryset(request)
        return users if is_owner(request) else users.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (
            super().get_fieldsets(request, obj) if is_owner(request) else ((None, {"fields": self.fields_of_others}),)
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return tuple(super().get_readonly_fields(request, obj)) if is_owner(request) else ("username",)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return super().get_list_filter(request) if is_owner(request) else ("is_active",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_owner(request)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return is_owner(request)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set the password of a user; everybody changes the own one by its own page, with the old one."""
        if not is_owner(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


@admin.register(Group)
class GroupAdmin(OwnersOnly, DjangoGroupAdmin, SturdyAdmin):
    """The permissions that several users share."""

    compressed_fields = False
