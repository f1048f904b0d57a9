"""Finding the handler of a function, and judging whether it can be called."""

import builtins
import importlib
import importlib.machinery
import os
import sys
import types

from .failure import HandlerError

ENDINGS = tuple(importlib.machinery.SOURCE_SUFFIXES)
GENERATOR, ASYNC_GENERATOR, HAS_REST = 0x20, 0x200, 0x04


def standard_names():
    """The names of Python's own modules; before Python 3.10 only those that are built in or loaded already."""
    known = getattr(sys, "stdlib_module_names", None)
    if known is None:
        known = set(sys.builtin_module_names) | {name.partition(".")[0] for name in sys.modules}
    return {*known, "test"}  # Python's tests are no library, so they are not among the names


class OwnModules:
    """
    Files of the function that have the names of Python's own modules, such as token.py. The function's files see them,
    Python's own modules go on seeing Python's.
    """

    def __init__(self, folder):
        self._folder = folder + "/"
        self._loaded = {}
        self._import = builtins.__import__
        standard = standard_names()
        entries = os.listdir(folder)
        self._files = {name[:-3] for name in entries if name.endswith(ENDINGS) and name[:-3] in standard}
        self._packages = {name for name in entries if name in standard and os.path.isfile(os.path.join(folder, name, "__init__.py"))}
        if self._files or self._packages:
            builtins.__import__ = self._own_import

    def load(self, name):
        """The function's own module of that name; None when the name is an ordinary one."""
        root = name.partition(".")[0]
        if root in self._packages:
            self._place(root)
            return None
        if name not in self._files:
            self._refuse(root in self._files, root)
            return None
        module = self._loaded.get(name)
        return self._execute(name) if module is None else module

    def _place(self, package):
        """A folder takes the place of Python's own module, as it would anywhere, unless that is in use already."""
        known = sys.modules.get(package)
        if known is None:
            sys.path.insert(0, self._folder)
            try:
                importlib.import_module(package)
            finally:
                sys.path.remove(self._folder)
            return
        self._refuse(not (getattr(known, "__file__", None) or "").startswith(self._folder), package)

    @staticmethod
    def _refuse(clash, name):
        if clash:
            raise HandlerError("%s hides behind Python's own module %s: rename it" % (name, name))

    def _execute(self, name):
        path = self._folder + name + ".py"
        loader = importlib.machinery.SourceFileLoader(name, path)
        module = types.ModuleType(name)
        module.__file__, module.__loader__ = path, loader
        module.__spec__ = importlib.machinery.ModuleSpec(name, loader, origin=path)
        self._loaded[name] = module
        try:
            exec(loader.get_code(name), module.__dict__)
        except BaseException:
            del self._loaded[name]
            raise
        return module

    def _own_import(self, name, globals=None, locals=None, fromlist=(), level=0):
        asks = globals.get("__file__") if level == 0 and globals else None
        # A file time.py that imports `time` means Python's own module.
        if isinstance(asks, str) and asks.startswith(self._folder) and asks != self._folder + name + ".py":
            module = self.load(name)
            if module is not None:
                return module
        return self._import(name, globals, locals, fromlist, level)


def parameters_fit(function):
    """Whether `function(context, payload)` can be called. Plain functions are judged without the slow inspect module."""
    if type(function) is types.FunctionType:
        code = function.__code__
        least = code.co_argcount - len(function.__defaults__ or ())
        needs_more = code.co_kwonlyargcount > len(function.__kwdefaults__ or ())
        return least <= 2 and (code.co_argcount >= 2 or bool(code.co_flags & HAS_REST)) and not needs_more
    import inspect

    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:
        pass  # a built-in without a signature
    return True


def yields(function):
    code = getattr(function, "__code__", None)
    return isinstance(code, types.CodeType) and bool(code.co_flags & (GENERATOR | ASYNC_GENERATOR))


def check(function, handler):
    if not callable(function):
        raise HandlerError("%s is not a function" % handler)
    if isinstance(function, type) and not issubclass(function, (dict, list, tuple, str, int, float)):
        raise HandlerError("%s is a class, whose objects cannot be written as JSON; name a function" % handler)
    if yields(function):
        raise HandlerError("%s is a generator (it has yield), which cannot be written as JSON; return a list" % handler)
    if not parameters_fit(function):
        raise HandlerError("%s must take two parameters: (context, payload)" % handler)


def functions_of(module):
    """The names of the functions that a module defines itself."""
    return sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__ and not name.startswith("_")
    )


def find_handler(handler, folder):
    module_name, _, name = handler.rpartition(".")
    if not module_name:
        raise HandlerError("the handler %s is not of the form module.function" % handler)
    if module_name == "__main__":
        raise HandlerError("__main__ is Python's name for the program itself: rename __main__.py")
    own = OwnModules(folder)
    module = own.load(module_name) or importlib.import_module(module_name)
    function = getattr(module, name, None)
    if function is None:
        names = functions_of(module)
        hint = "; it has %s: name one, for example --handler %s.%s" % (", ".join(names[:20]), module_name, names[0]) if names else ""
        raise HandlerError("%s has no function %s%s" % (module_name, name, hint))
    check(function, handler)
    return function


def add_to_path(folder):
    """Before the packages of the image, after Python's own modules."""
    packages = (at for at, path in enumerate(sys.path) if "site-packages" in path)
    sys.path.insert(next(packages, len(sys.path)), folder)


def unpack(entries, bundle, at, folder):
    """Writes the files of a bundle into the function's folder."""
    for entry in entries:
        path = os.path.join(folder, entry["path"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(bundle[at : at + entry["size"]])
        os.chmod(path, entry["mode"])
        at += entry["size"]
