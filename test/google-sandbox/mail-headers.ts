/**
 * The headers of a message, as bytes in latin1, so that they can be written back without loss. Lines may end in CRLF or
 * LF; a folded field is one field.
 */
export interface MailHeaders {
  readonly fields: readonly MailField[];
  readonly rest: Buffer;
}

export interface MailField {
  /** As written, folds included, without the line end. */
  readonly raw: string;
  /** In lower case. */
  readonly name: string;
  /** Unfolded and trimmed. */
  readonly value: string;
}

export const readHeaders = (mime: Buffer): MailHeaders => {
  const text = mime.toString("latin1");
  const end = /\r?\n\r?\n/.exec(text);
  const block = end === null ? text.replace(/\r?\n$/, "") : text.slice(0, end.index);
  const rest = end === null ? Buffer.from("\r\n\r\n") : mime.subarray(end.index);
  const fields = block.split(/\r?\n(?![ \t])/).map((raw): MailField => {
    const colon = raw.indexOf(":");
    return {
      raw,
      name: raw.slice(0, colon).trim().toLowerCase(),
      value: raw
        .slice(colon + 1)
        .replace(/\r?\n(?=[ \t])/g, "")
        .trim(),
    };
  });
  return { fields, rest };
};

export const fieldOf = (headers: MailHeaders, name: string): string | null =>
  headers.fields.find((field) => field.name === name)?.value ?? null;

/** Writes the message again with some fields replaced by name and others added; `null` removes a field. */
export const withFields = (headers: MailHeaders, changes: Readonly<Record<string, string | null>>): Buffer => {
  const wanted = new Map(Object.entries(changes).map(([name, value]) => [name.toLowerCase(), { name, value }]));
  const lines = headers.fields.flatMap((field) => {
    const change = wanted.get(field.name);
    if (change === undefined) return [field.raw];
    wanted.delete(field.name);
    return change.value === null ? [] : [`${change.name}: ${change.value}`];
  });
  const added = [...wanted.values()].flatMap(({ name, value }) => (value === null ? [] : [`${name}: ${value}`]));
  return Buffer.concat([Buffer.from([...added, ...lines].join("\r\n"), "latin1"), headers.rest]);
};

/** The addresses in an address field, as accurately as a sandbox needs to compare them. */
export const addressesIn = (value: string): string[] => {
  const withoutQuotes = value.replace(/"(?:\\.|[^"\\])*"/g, "");
  return withoutQuotes
    .split(",")
    .map((part) => (/<([^<>]*)>/.exec(part)?.[1] ?? part).trim())
    .filter((address) => address.includes("@"));
};
