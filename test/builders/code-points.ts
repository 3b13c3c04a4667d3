import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 };

/** Every character that a text may have. fast-check's unit `binary` makes a table of a million of them first. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10_ffff - SURROGATES.count)
  .map((at) => String.fromCodePoint(at < SURROGATES.first ? at : at + SURROGATES.count));
