import type * as z from "zod";

/**
 * A type without `readonly`, which schemas and views use differently, and without the members that TypeScript adds to a
 * union of object literals as always undefined.
 */
type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [K in keyof T as [T[K]] extends [undefined] ? never : K]: Plain<T[K]> }
    : T;

type AllRequired<T> = T extends readonly (infer Item)[]
  ? AllRequired<Item>[]
  : T extends object
    ? { [K in keyof T]-?: AllRequired<T[K]> }
    : T;

type BothWays<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** An optional member may be absent from the other type, so the types are compared with all members required, too. */
type Same<A, B> =
  BothWays<Plain<A>, Plain<B>> extends true ? BothWays<AllRequired<Plain<A>>, AllRequired<Plain<B>>> : false;

/**
 * Takes a schema of exactly what a view returns: `viewSchema<ReturnType<typeof messageView>>()(z.object({ … }))`. A
 * member that one of the two lacks, or has with another type, does not compile.
 */
export const viewSchema =
  <View>() =>
  <S extends z.ZodType>(schema: S & (Same<z.output<S>, View> extends true ? unknown : "the view differs")): S =>
    schema;
