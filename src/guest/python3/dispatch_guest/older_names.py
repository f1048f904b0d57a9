"""Names that Python took out of its library, and that packages from the time of the published base image import."""

import collections
import collections.abc


def restore_collections():
    """Before Python 3.10 `collections` had the abstract classes of `collections.abc` as well."""
    for name in collections.abc.__all__:
        if name not in vars(collections):
            setattr(collections, name, getattr(collections.abc, name))
