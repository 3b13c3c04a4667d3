/** The most JSON values in one body: each takes far more memory parsed than written, and the shortest has two bytes. */
export const MOST_JSON_VALUES = 200_000;
/** No real message nests this deep, and walking deeper nesting could exhaust the stack. */
export const MAX_JSON_DEPTH = 64;

export type JsonExcess = "too_many_values" | "too_deep";

/** Scans the next bytes of a JSON text, however it was cut; null while the text is within the limits. */
export type JsonScan = (bytes: Uint8Array) => JsonExcess | null;

const [QUOTE, COMMA, BACKSLASH, SPACE] = [0x22, 0x2c, 0x5c, 0x20];
/** `[` and `{` differ in one bit, as do `]` and `}`; this mask removes it. */
const [BRACKET, OPENING, CLOSING] = [0xdf, 0x5b, 0x5d];

interface ScanState {
  values: number;
  depth: number;
  inString: boolean;
  /** The previous byte was a backslash that escapes this one. */
  escaped: boolean;
  /** A container was opened, and only white space has followed. */
  opened: boolean;
}

/** Skips the string that continues at `at`, and returns the position after it. */
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

/** Handles one byte outside of strings. */
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
 * Counts the values and depth of a JSON text from its bytes, because parsing an excessive text would cost the memory
 * that the limits save. It is exact for valid JSON, where a container has one more value than commas, or none. Whether
 * the text is valid is up to the parser.
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
