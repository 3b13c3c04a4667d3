/** A port whose methods all return promises can be used before it is loaded. */
type AsyncPort<T> = { readonly [K in keyof T]: (...args: never[]) => Promise<unknown> };

/** Runs `make` at the first call only, or again at the next call if it failed. */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
};

/**
 * Returns a port that loads its implementation at the first call. A function that never sends then never loads a mail
 * library at its cold start.
 */
export const lazyPort = <T extends AsyncPort<T>>(load: () => Promise<T>): T => {
  const port = once(load);
  const methods = new Map<PropertyKey, unknown>();
  const methodOf =
    (name: PropertyKey) =>
    async (...args: never[]) => {
      const loaded = await port();
      return loaded[name as keyof T](...args);
    };
  // The only cast: TypeScript cannot know that a Proxy has every member of T.
  return new Proxy({} as T, {
    get: (_, name) => {
      // The port is not a promise: `await` must not call a method named "then".
      if (name === "then" || typeof name === "symbol") return undefined;
      if (!methods.has(name)) methods.set(name, methodOf(name));
      return methods.get(name);
    },
  });
};
