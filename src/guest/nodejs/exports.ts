/** Which function of a module is the handler, and how it is called. */
import { attempt } from "./failure.ts";

/** `(context, payload) => value or promise`. */
export type Handler = (context: unknown, payload: unknown) => unknown;

type Callable = (this: unknown, ...values: unknown[]) => unknown;
type Names = Readonly<Record<string, unknown>>;

/** The module could be loaded, but what it exports is no handler. The message says all: a stack would add nothing. */
export class HandlerError extends Error {}

interface Found {
  readonly value: unknown;
  /** What `this` is while it is called. */
  readonly owner: unknown;
}

const isFunction = (value: unknown): value is Callable => typeof value === "function";

const namesOf = (value: unknown): Names =>
  (typeof value === "object" && value !== null) || typeof value === "function" ? (value as unknown as Names) : {};

/** Classes and built-in constructors: their `prototype` cannot be replaced. */
const isClass = (value: Callable): boolean => Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;

const GENERATORS = ["GeneratorFunction", "AsyncGeneratorFunction"];

const isGenerator = (value: Callable): boolean =>
  GENERATORS.includes(Object.prototype.toString.call(value).slice(8, -1));

/** CommonJS `module.exports`, or a `handler` or `default` export, in whatever way they were wrapped. */
const unnamed = (module: Names): Found | undefined => {
  const whole = module.default;
  const inner = isFunction(whole) ? {} : namesOf(whole);
  const candidates: Found[] = [
    { value: module.handler, owner: isFunction(whole) || whole === undefined ? undefined : whole },
    { value: whole, owner: undefined },
    { value: inner.handler, owner: whole },
    { value: inner.default, owner: whole },
  ];
  return candidates.find(({ value }) => isFunction(value));
};

const named = (module: Names, name: string): Found | undefined => {
  if (Object.hasOwn(module, name)) return { value: module[name], owner: module.default };
  const inner = namesOf(module.default);
  return name in inner ? { value: inner[name], owner: module.default } : undefined;
};

/** An object's own names and those of its class, such as its methods. */
const keysOf = (value: Names): string[] => {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isOfClass = prototype !== null && Object.hasOwn(prototype as object, "constructor") && !isBuiltIn(prototype);
  const inherited = isOfClass ? Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor") : [];
  return [...Object.keys(value), ...inherited];
};

const isBuiltIn = (prototype: unknown): boolean => prototype === Object.prototype || prototype === Function.prototype;

/** The names of the functions that a module exports; a class is none. */
const functionsOf = (module: Names): string[] => {
  const inner = namesOf(module.default);
  const names = [...Object.keys(module), ...keysOf(inner)].filter((name) => name !== "module.exports");
  const isOne = (owner: Names, name: string): boolean => {
    const value = attempt(() => owner[name]); // it may be a getter
    return isFunction(value) && !isClass(value);
  };
  return [...new Set(names)].filter((name) => isOne(module, name) || isOne(inner, name)).sort();
};

const absent = (module: Names, file: string, name: string | undefined): HandlerError => {
  const functions = functionsOf(module).filter((one) => one !== "default");
  const [first] = functions;
  const missing = name === undefined ? "no function is exported as the handler" : `no function ${name} is exported`;
  const base = file.replace(/\.[mc]?[jt]s$/, "");
  const hint =
    first === undefined
      ? "write module.exports = (context, payload) => ..."
      : `there are ${functions.slice(0, 20).join(", ")}: name one, for example --handler ${base}.${first}`;
  return new HandlerError(`${file}: ${missing}; ${hint}`);
};

const refuse = (value: Callable, file: string): void => {
  if (isClass(value)) {
    const name = ["", "default"].includes(value.name) ? undefined : value.name;
    const what = name === undefined ? "a class" : `the class ${name}`;
    throw new HandlerError(
      `${file}: ${what} is exported, and a class cannot be called; export one of its objects, such as new ${name ?? "Handler"}(), or a function`,
    );
  }
  if (isGenerator(value)) {
    throw new HandlerError(
      `${file}: a generator function is exported, and what it returns cannot be written as JSON; export a function that returns the values`,
    );
  }
};

/** Whether a handler that takes a callback meant this return value as its result: what `setTimeout` or an emitter returns is none. */
const isMeant = (value: unknown): boolean => {
  if (value === undefined) return false;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

/** `(context, payload, callback)`: whichever comes first of callback, promise and plain value ends the run. */
const withCallback =
  (call: Callable, owner: unknown): Handler =>
  (context, payload) =>
    new Promise((resolve, reject) => {
      const callback = (error: unknown, result: unknown): void => {
        if (error === null || error === undefined) resolve(result);
        else reject(error);
      };
      const value = call.call(owner, context, payload, callback);
      if (isPromise(value) || isMeant(value)) resolve(value);
    });

/**
 * The handler of a module: its `name`d export, else the one that stands for the module.
 * @throws HandlerError with what the module has instead.
 */
export const handlerOf = (module: Names, file: string, name: string | undefined): Handler => {
  const found = name === undefined ? unnamed(module) : named(module, name);
  if (found === undefined || !isFunction(found.value)) throw absent(module, file, name);
  const { value, owner } = found;
  refuse(value, file);
  if (value.length > 2) return withCallback(value, owner);
  return owner === undefined ? (value as Handler) : (context, payload) => value.call(owner, context, payload);
};
