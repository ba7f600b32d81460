"""What the admin of every app is built from."""

from config.admin.bases import ReadOnlyAdmin, ReadOnlyInline
from config.admin.settings_rows import SettingsAdmin
from config.admin.staff import GroupAdmin, UserAdmin

__all__ = ["GroupAdmin", "ReadOnlyAdmin", "ReadOnlyInline", "SettingsAdmin", "UserAdmin"]
