"""The pages of the second factor: set up with a phone, and shown after the password."""

from base64 import b32encode
from typing import Any, cast

import qrcode
from axes.utils import reset as forget_failures
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import RedirectURLMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.safestring import SafeString, mark_safe
from django.views.generic import View
from django_otp import login
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key
from qrcode.image.svg import SvgPathImage
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.admin.parts.second_factor import set_up_url, verify_url
from bookings.admin.parts.sign_in import locked_out, seconds_to_wait
from bookings.selectors.second_factor import get_phone, has_second_factor_role, has_shown_second_factor
from bookings.services.upkeep.locks import lock_sign_in
from bookings.services.upkeep.second_factors import (
    CodeRefused,
    SecondFactorExists,
    set_up_second_factor,
    verify_second_factor,
)
from config.callers import caller_address
from config.values import counted

KEY = "second_factor_key"
WRONG = "This code is wrong, or has been used. Wait for the next one; phone and server must agree on the time."


class CodeForm(forms.Form):
    """The code that a user types."""

    code = forms.CharField(
        label="Code",
        max_length=24,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


class VerifyForm(CodeForm):
    """The code of a user who signs in, under the limits on signing in; a right one leaves its `device`."""

    device: Any = None

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request, self.user = request, user_of(request)
        self.fields["code"].help_text = "Six digits from the app on your phone, or one of your recovery codes."

    def clean_code(self) -> str:
        """Look at the code.

        Raises: `ValidationError`.
        """
        code: str = self.cleaned_data["code"]
        name = self.user.get_username()
        refusal = None
        with transaction.atomic():
            # As for a password: of many tries at once each is counted before the next is looked at.
            lock_sign_in(name, caller_address(self.request))
            try:
                self._look_at(code, name)
            except CodeRefused as error:
                # Raised within, it would take the count back with the transaction.
                refusal = error
        if getattr(self.request, "axes_locked_out", False):
            raise locked_out(self.request, name)
        if refusal is not None:
            raise ValidationError(_said(refusal), code="refused")
        return code

    def _look_at(self, code: str, name: str) -> None:
        credentials = {"username": name}
        if seconds_to_wait(self.request, name) > 0:
            vars(self.request).update(axes_locked_out=True, axes_credentials=credentials)
            return
        try:
            self.device = verify_second_factor(user=self.user, code=code)
        except CodeRefused as refusal:
            if not refusal.seconds_to_wait:
                user_login_failed.send(sender=__name__, credentials=credentials, request=self.request)
            raise


class SecondFactorView(RedirectURLMixin, View):
    """A page of the second factor, for those who are asked for one; leads on to where they were going."""

    next_page = "admin:index"

    @property
    def after(self) -> str:
        """Return the page of this server that was asked for, empty without one."""
        return self.get_redirect_url()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not has_second_factor_role(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def lead_on(self) -> HttpResponse:
        return HttpResponseRedirect(self.get_success_url())

    def show(self, template: str, title: str, **context: Any) -> HttpResponse:
        shared = {**admin.site.each_context(self.request), "title": title, "next": self.after}
        return TemplateResponse(self.request, f"admin/second_factor/{template}.html", {**shared, **context})


class VerifyView(SecondFactorView):
    """The page after the password, which asks for the code."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if has_shown_second_factor(request.user, request.session):
            return self.lead_on()
        if has_second_factor_role(request.user) and get_phone(user_of(request)) is None:
            return HttpResponseRedirect(set_up_url(self.after))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show("verify", "One more step", form=VerifyForm(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = VerifyForm(request, request.POST)
        if not form.is_valid():
            return self.show("verify", "One more step", form=form)
        _remember(request, form.device)
        forget_failures(ip=caller_address(request), username=form.user.get_username())
        if isinstance(form.device, StaticDevice):
            left = counted(form.device.token_set.count(), "recovery code")
            messages.warning(request, f"That recovery code is used up: {left} left. Is the phone lost, set up another.")
        return self.lead_on()


class SetUpView(SecondFactorView):
    """The page on which an app takes the key, and its first code confirms it; then the recovery codes, once."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if has_second_factor_role(request.user) and self._is_locked(request):
            return HttpResponseRedirect(verify_url(request.get_full_path()))
        return super().dispatch(request, *args, **kwargs)

    def _is_locked(self, request: HttpRequest) -> bool:
        """Say whether there is a second factor that this session has not seen."""
        self.phone = get_phone(user_of(request))
        self.has_shown = has_shown_second_factor(request.user, request.session)
        return self.phone is not None and not self.has_shown

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._ask(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form, user = CodeForm(request.POST), user_of(request)
        if not form.is_valid():
            return self._ask(form)
        try:
            codes = set_up_second_factor(
                user=user, key=self._key(), code=form.cleaned_data["code"], may_replace=self.has_shown
            )
        except SecondFactorExists:
            return HttpResponseRedirect(verify_url())
        except CodeRefused as refusal:
            form.add_error("code", _said(refusal))
            return self._ask(form)
        del request.session[KEY]
        _remember(request, get_phone(user))
        admin.site.get_model_admin(User).log_change(request, user, "Second factor set up.")
        return self.show("codes", "Your recovery codes", codes=codes, onward=self.get_success_url())

    def _ask(self, form: CodeForm) -> HttpResponse:
        phone = TOTPDevice(user=user_of(self.request), key=self._key())
        secret = b32encode(phone.bin_key).decode()
        spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        shown = {"form": form, "picture": _picture(phone.config_url), "secret": spaced, "phone": self.phone}
        return self.show("set_up", "Set up a second factor", **shown)

    def _key(self) -> str:
        """Return the key of this session: another session with the password must not know it."""
        key: str = self.request.session.setdefault(KEY, default_key())
        return key


def user_of(request: HttpRequest) -> User:
    """Return the user, who is signed in: these pages are the admin's."""
    return cast(User, request.user)


def _remember(request: HttpRequest, device: Any) -> None:
    # Whoever knew the session before the code does not know the one after it.
    request.session.cycle_key()
    login(request, device)


def _said(refusal: CodeRefused) -> str:
    if not refusal.seconds_to_wait:
        return WRONG
    return f"Too many wrong codes. Try again in {counted(refusal.seconds_to_wait, 'second')}."


def _picture(address: str) -> SafeString:
    """Draw an address as an element of the page: no file, no style, nothing to load."""
    code = qrcode.QRCode(image_factory=SvgPathImage)
    code.add_data(address)
    drawn: str = code.make_image().to_string(encoding="unicode")
    return mark_safe(drawn)  # noqa: S308 - of squares alone


app_name = "second_factor"
urlpatterns = [
    path("", admin.site.admin_view(SetUpView.as_view()), name="set_up"),
    path("verify/", admin.site.admin_view(VerifyView.as_view()), name="verify"),
]
