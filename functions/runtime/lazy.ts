/** A port all of whose methods answer promises can stand for itself before it is loaded. */
type AsyncPort<T> = { readonly [K in keyof T]: (...args: never[]) => Promise<unknown> };

/** Runs `make` at the first call and never again, unless it failed: then the next call tries anew. */
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
 * A port that loads what is behind it at the first call of one of its methods. A function that never sends never loads a mail
 * library, and costs nothing at a cold start.
 */
export const lazily = <T extends AsyncPort<T>>(load: () => Promise<T>): T => {
  const port = once(load);
  const methods = new Map<PropertyKey, unknown>();
  const methodOf =
    (name: PropertyKey) =>
    async (...args: never[]) => {
      const loaded = await port();
      return loaded[name as keyof T](...args);
    };
  // The one cast: TypeScript cannot know that a Proxy answers every member of T.
  return new Proxy({} as T, {
    get: (_, name) => {
      // Not a promise: `await` on the port itself must not call a method named "then".
      if (name === "then" || typeof name === "symbol") return undefined;
      if (!methods.has(name)) methods.set(name, methodOf(name));
      return methods.get(name);
    },
  });
};
