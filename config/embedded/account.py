"""The account that the server runs as, and the paths that it can reach.

PostgreSQL refuses to run as root: root's server runs as `nobody`. No mode of an existing directory is ever widened for
it; files out of its reach are put or copied elsewhere.
"""

import os
import pwd
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from config.embedded.errors import DirectoryNotPrivate


def get_server_account() -> pwd.struct_passwd | None:
    """Return the account that the server runs under, None for this process's own."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def is_open_to_server(path: Path) -> bool:
    """Tell whether the server's account can enter or run `path` as the modes are."""
    if get_server_account() is None:
        return True
    way = [path, *path.parents]
    return all(step.stat().st_mode & stat.S_IXOTH for step in way if step.exists())


def make_private(directory: Path) -> None:
    """Make a directory that only the server's account can enter, or accept such a one.

    Raises: DirectoryNotPrivate if another account made it, as any may under /tmp.
    """
    account = get_server_account()
    owner = os.geteuid() if account is None else account.pw_uid
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        os.chown(directory, owner, -1 if account is None else account.pw_gid)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise DirectoryNotPrivate(f"{directory} is not private to the server's account; remove it")


def copy_installation(package: Path, target: Path) -> None:
    """Copy the wheel's package, with the libraries that it keeps beside itself.

    `target` exists afterwards only as a whole, and every account that gets there may read it.
    """
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, draft / source.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for path in [draft, *draft.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
    draft.rename(target)
