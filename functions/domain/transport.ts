export const FULL_MAIL = "https://mail.google.com/";
const SEND_ONLY = "https://www.googleapis.com/auth/gmail.send";

interface Traits {
  /**
   * The scopes of which one must have been granted; Relais asks for the first, the least. Gmail's SMTP takes nothing less than full mail
   * (developers.google.com/workspace/gmail/imap/xoauth2-protocol); full mail covers the API's send as well
   * (developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send).
   */
  readonly scopes: readonly [string, ...string[]];
  /** Whether its least scope keeps the account's send-as addresses from being read, so that an operator may vouch for a From. */
  readonly vouching: boolean;
  /** Whether it takes addresses beyond ASCII: as its EHLO says (`OffersSmtpUtf8`), or never; and the code of a refusal. */
  readonly utf8: { readonly taken: "as_ehlo_says" | "never"; readonly refusal: "no_smtp_utf8" | "no_utf8_by_api" };
  /** Whom it sends to: the envelope's recipients, or whoever stands in To and Cc of the mail itself. */
  readonly sendsTo: "envelope" | "header";
  /** The stages at which Gmail may refuse the account where no probe, which sends nothing, can see it. */
  readonly beyondProbe: readonly ("data" | "body")[];
}

/** The ways to hand mail to Gmail. */
export const TRANSPORTS = {
  smtp: {
    scopes: [FULL_MAIL],
    vouching: false,
    utf8: { taken: "as_ehlo_says", refusal: "no_smtp_utf8" },
    sendsTo: "envelope",
    beyondProbe: ["data", "body"],
  },
  gmail_api: {
    scopes: [SEND_ONLY, FULL_MAIL],
    vouching: true,
    // Google's documents say nothing of it, and what the API does with such an address must not be left to chance.
    utf8: { taken: "never", refusal: "no_utf8_by_api" },
    sendsTo: "header",
    // It tells a send of nothing all that it tells a mail.
    beyondProbe: [],
  },
} as const satisfies Readonly<Record<string, Traits>>;

export type Transport = keyof typeof TRANSPORTS;

/** Whether this release knows the transport: a later one may have another. */
export const isKnownTransport = (name: string): name is Transport => Object.hasOwn(TRANSPORTS, name);

/** In the order in which people are offered them; the first is the default. */
export const TRANSPORT_NAMES: readonly Transport[] = Object.keys(TRANSPORTS).filter(isKnownTransport);

/** Of a server that a later release keeps: nothing is sent through it here, and nothing is taken for granted. */
const UNKNOWN: Traits = {
  scopes: [FULL_MAIL],
  vouching: false,
  utf8: { taken: "never", refusal: "no_utf8_by_api" },
  sendsTo: "envelope",
  beyondProbe: [],
};

export const traitsOf = (transport: Transport): Traits =>
  isKnownTransport(transport) ? TRANSPORTS[transport] : UNKNOWN;
