/** So many JSON values may stand in one body: each costs far more memory parsed than written, and the shortest takes two bytes. */
export const MOST_JSON_VALUES = 200_000;
/** Nobody nests a message this deep; walking what is nested deeper could exhaust the stack. */
export const MAX_JSON_DEPTH = 64;

export type JsonExcess = "too_many_values" | "too_deep";

/** Looks at the next bytes of a JSON text, wherever they were cut; null while the text is within the limits. */
export type JsonScan = (bytes: Uint8Array) => JsonExcess | null;

const [QUOTE, COMMA, BACKSLASH, SPACE] = [0x22, 0x2c, 0x5c, 0x20];
/** `[` and `{` differ in one bit, and so do `]` and `}`: this mask takes it away. */
const [BRACKET, OPENING, CLOSING] = [0xdf, 0x5b, 0x5d];

interface ScanState {
  values: number;
  depth: number;
  inString: boolean;
  /** The byte before was a backslash that escapes this one. */
  escaped: boolean;
  /** Nothing but white space has come since a container was opened. */
  opened: boolean;
}

/** Goes on within a string from `at`, and answers where it goes on after it. */
const skipString = (state: ScanState, bytes: Uint8Array, at: number): number => {
  let { escaped } = state;
  for (let next = at; next < bytes.length; next += 1) {
    const byte = bytes[next];
    if (escaped) escaped = false;
    else if (byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) {
      [state.inString, state.escaped] = [false, false];
      return next + 1;
    }
  }
  state.escaped = escaped;
  return bytes.length;
};

/** One byte outside of strings. */
const step = (state: ScanState, byte: number): void => {
  if (byte <= SPACE) return;
  const bracket = byte & BRACKET;
  if (state.opened && bracket !== CLOSING) state.values += 1;
  state.opened = bracket === OPENING;
  if (byte === QUOTE) state.inString = true;
  else if (byte === COMMA) state.values += 1;
  else if (bracket === OPENING) state.depth += 1;
  else if (bracket === CLOSING) state.depth -= 1;
};

/**
 * Counts the values of a JSON text and its depth from its bytes, before anything is parsed: parsing what is too much costs the memory that the
 * limits save. Exact for valid JSON, where a container holds one value more than it has commas, or none. Whether the text is valid is
 * for the parser to say.
 */
export const jsonScan = (mostValues = MOST_JSON_VALUES): JsonScan => {
  const state: ScanState = { values: 1, depth: 0, inString: false, escaped: false, opened: false };
  return (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      if (state.inString) {
        at = skipString(state, bytes, at);
        continue;
      }
      step(state, bytes[at] ?? 0);
      if (state.depth > MAX_JSON_DEPTH) return "too_deep";
      if (state.values > mostValues) return "too_many_values";
      at += 1;
    }
    return null;
  };
};
