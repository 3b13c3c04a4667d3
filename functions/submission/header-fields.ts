/** Further on, nobody looks for a field: no program writes a header of this size. */
const LARGEST_HEADER_BYTES = 256 * 1024;

const headerText = (parts: readonly Buffer[]): string => {
  const start: Buffer[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes >= LARGEST_HEADER_BYTES) break;
    start.push(part);
    bytes += part.length;
  }
  // Latin-1 keeps each byte as one character; what is sought is ASCII.
  const text = Buffer.concat(start).subarray(0, LARGEST_HEADER_BYTES).toString("latin1");
  const end = /\r?\n\r?\n/.exec(text)?.index;
  return text.slice(0, end);
};

/** The values of a header field of a mail, unfolded and trimmed, in order (RFC 5322 §2.2). */
export const headerValues = (parts: readonly Buffer[], name: string): readonly string[] => {
  const unfolded = headerText(parts).replace(/\r?\n(?=[ \t])/g, "");
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const [, field = "", value = ""] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line) ?? [];
    return field.toLowerCase() === name.toLowerCase() ? [value.trim()] : [];
  });
};
