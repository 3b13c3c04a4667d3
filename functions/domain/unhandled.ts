/**
 * Ends an exhaustive `switch`: a union member that is added and not handled does not compile, and throws at run time.
 * The error names only `what`, because the value may be private.
 */
export const unhandled = (what: string, _value: never): never => {
  throw new Error(`${what} is not handled`);
};
