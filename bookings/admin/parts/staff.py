"""The screens of users and groups, in the look of the others."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from bookings.admin.parts.bases import SturdyAdmin
from bookings.admin.parts.sign_in import SignInForm

admin.site.index_title = "Today"
admin.site.login_form = SignInForm
admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], SturdyAdmin):
    """The users with their permissions."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_per_page = 50
    # Two lists beside each other need the whole width.
    compressed_fields = False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, SturdyAdmin):
    """The permissions that several users share."""

    compressed_fields = False
