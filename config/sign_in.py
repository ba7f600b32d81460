"""Settings of signing in (bookings/admin/parts/sign_in.py) and of sessions, from the environment."""

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured

from config.env import env

AUTHENTICATION_BACKENDS = [
    "bookings.admin.parts.sign_in.SignInBackend",
    # Before that of accounts, which asks a query to know what was given to an account itself.
    "bookings.selectors.memberships.RoleBackend",
    "bookings.selectors.memberships.AccountBackend",
]
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=5)
LOGIN_ADDRESS_FAILURE_LIMIT = env.int("LOGIN_ADDRESS_FAILURE_LIMIT", default=50)
_cooloff_minutes = env.int("LOGIN_COOLOFF_MINUTES", default=15)
if min(AXES_FAILURE_LIMIT, LOGIN_ADDRESS_FAILURE_LIMIT, _cooloff_minutes) < 1:
    raise ImproperlyConfigured("LOGIN_FAILURE_LIMIT, LOGIN_ADDRESS_FAILURE_LIMIT, LOGIN_COOLOFF_MINUTES: from 1 on")
AXES_COOLOFF_TIME = timedelta(minutes=_cooloff_minutes)
AXES_HANDLER = "bookings.admin.parts.sign_in.SignInLimits"
# Name and address together: whoever tries another's name locks out himself alone.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "config.callers.caller_address"
AXES_LOCKOUT_CALLABLE = "bookings.admin.parts.sign_in.answer_lockout"
AXES_RESET_ON_SUCCESS = True
# Tries during a lockout are not counted: it ends however often somebody knocks.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# The log has the lines for people; nothing is kept of who signed in when.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# What was typed wrongly may be a recovery code with one letter amiss.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]

# Whoever may do harm beyond an evening shows a code beside the password, see bookings.selectors.second_factor.
SECOND_FACTOR = env.bool("SECOND_FACTOR", default=False)
OTP_TOTP_ISSUER = "Maitre"

# A session ends so many hours after the last page of a person, see config.middleware.KeptSessions.
SESSION_HOURS = env.float("SESSION_HOURS", default=12.0)
if not 0.5 <= SESSION_HOURS <= 336:
    raise ImproperlyConfigured("SESSION_HOURS is a number of hours from 0.5 to 336")
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_AGE = round(SESSION_HOURS * 3600)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
