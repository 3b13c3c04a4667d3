/** Days in the reader's time zone, `2026-11-12`, both included; empty: open. */
export interface Days {
  readonly from: string;
  readonly until: string;
}

/** A day in an address, which may be typed by hand: what is no day narrows nothing. */
export const dayIn = (text = ""): string => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : "");

/** Midnight at the start of a day in the reader's time zone; `later` days after it. */
const startOf = (day: string, later: number): string | undefined => {
  const at = new Date(`${day}T00:00:00`);
  if (day === "" || Number.isNaN(at.getTime())) return undefined;
  at.setDate(at.getDate() + later);
  return at.toISOString();
};

/** The days as the API's parameters: at this instant or later, and before that one. */
export const periodOf = ({ from, until }: Days): { readonly after?: string; readonly before?: string } => {
  const [after, before] = [startOf(from, 0), startOf(until, 1)];
  return { ...(after !== undefined && { after }), ...(before !== undefined && { before }) };
};
