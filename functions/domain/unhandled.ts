/**
 * Ends a `switch` over every member of a union: one that is added and not handled does not compile. At run time it is a
 * defect, so that what is not handled is not taken for something else. The value itself may be private: only `what` is told.
 */
export const unhandled = (what: string, _value: never): never => {
  throw new Error(`${what} is not handled`);
};
