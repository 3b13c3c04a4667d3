/** Query parameters of what is given; what is undefined is left out. */
export const queryOf = (filter: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
